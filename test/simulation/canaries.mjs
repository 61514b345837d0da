// Bugs on purpose. Each is a list of edits of built files: `find` must occur exactly once. A campaign that does not
// find one of them has a blind spot there.

const LINK = 'packages/core/dist/link/link.js'
const QUEUE = 'packages/core/dist/link/link-queue.js'
const CONNECTION = 'packages/core/dist/link/connection/connection.js'
const READER = 'packages/core/dist/link/connection/frame-reader.js'
const WRITER = 'packages/core/dist/link/connection/frame-writer.js'
const LIVENESS = 'packages/core/dist/link/connection/liveness.js'
const HEARTBEATS = 'packages/core/dist/link/conversation/heartbeats.js'
const OUTBOX = 'packages/core/dist/outbox/memory-outbox.js'
const BATCH = 'packages/core/dist/link/connection/batch.js'
const DIALER = 'packages/core/dist/link/dialer.js'
const ACCEPTOR = 'packages/core/dist/accept/acceptor.js'
const DELIVERY = 'packages/core/dist/routing/delivery.js'
const STAGE = 'packages/core/dist/routing/pending-routes.js'
const DECODER = 'packages/codec-len16/dist/len16-decoder.js'

/** Goes with bugs that would otherwise let the loop run for ever: the campaign shall find them, not its time limit. */
const BOUNDED_RELEASE = {
  file: OUTBOX,
  find: 'for (let left = count; left > 0; this.#head++)',
  replace: 'for (let left = count; left > 0 && this.#head < this.#tail; this.#head++)',
}

/** Each is found alone. */
export const CANARIES = {
  'rewind forgets to mark what is sent again': [
    { file: OUTBOX, find: 'message.resent = true;', replace: ';' },
  ],
  'one copy less is released than was written': [
    {
      file: WRITER,
      find: 'release(batch.messages, batch.hasIds',
      replace: 'release(batch.messages - 1, batch.hasIds',
    },
  ],
  'the decoder outlives its connection': [
    {
      file: READER,
      find: 'this.#decoder ??= codec.createDecoder();',
      replace: 'this.#decoder ??= this.#host.link.kept ??= codec.createDecoder();',
    },
    {
      file: CONNECTION,
      find: 'get reads() {',
      replace: 'get link() { return this.#owner; }\n    get reads() {',
    },
  ],
  'attempts are set back when a connection opens': [
    {
      file: DIALER,
      find: '#opened(connection) {',
      replace: '#opened(connection) { this.#attempt = 0;',
    },
  ],
  'a passing queue is inherited': [
    {
      file: LINK,
      find: 'else\n            this.queue.dropAll(PEER_GONE);',
      replace: 'else\n            this.queue.dropBound();',
    },
  ],
  'written is counted for a connection that is over': [
    {
      file: CONNECTION,
      find: 'this.#owner.queue.tally.fenced++;\n            return;\n        }\n        const writer = this.#writer;\n        if (writer === undefined || this.quiet) {',
      replace:
        'this.#owner.queue.tally.fenced++;\n        }\n        const writer = this.#writer;\n        if (writer === undefined || (this.quiet && !this.#isClosed())) {',
    },
    BOUNDED_RELEASE,
  ],
  'bytes of a connection that is over are delivered': [
    {
      file: CONNECTION,
      find: 'tally.fenced++;\n            return;\n        }\n        const nowMs',
      replace: 'tally.fenced++;\n            this.late = true;\n        }\n        const nowMs',
    },
    {
      file: CONNECTION,
      find: 'const phase = this.#receiving;',
      replace: "const phase = this.late ? 'reading' : this.#receiving;",
    },
  ],
  'looking for expired messages takes those that are being written': [
    {
      file: OUTBOX,
      find: 'for (let at = this.#cursor; at < this.#tail; at++) {\n            const slot = this.#ring[at & this.#mask];\n            if (slot !== undefined && which(',
      replace:
        'for (let at = this.#head; at < this.#tail; at++) {\n            const slot = this.#ring[at & this.#mask];\n            if (slot !== undefined && which(',
    },
    BOUNDED_RELEASE,
  ],
  'no drain is told': [{ file: QUEUE, find: 'listener.belowMark(this.#link);', replace: ';' }],
  'a permit to dial is kept': [{ file: DIALER, find: 'this.#permit?.giveBack();', replace: ';' }],
  'a frame is delivered before it is whole': [
    {
      file: DECODER,
      find: 'if (payloadBytes > this.#end - payloadAt) {',
      replace:
        'if (payloadBytes > this.#end - payloadAt && this.#end - payloadAt < payloadBytes / 2) {',
    },
    {
      file: DECODER,
      find: 'return new Uint8Array(this.#buffer, this.#bufferOffset + payloadAt, payloadBytes);',
      replace: 'return this.#chunk.subarray(payloadAt, payloadAt + payloadBytes);',
    },
  ],
  'a challenge ousts who lives': [
    {
      file: 'packages/core/dist/accept/challenge.js',
      find: 'this.#link.queue.tally.receivedBytes > this.#receivedBytes',
      replace: 'this.#link.queue.tally.receivedBytes > Infinity',
    },
  ],
  'nobody is held down after a replacement': [
    {
      file: ACCEPTOR,
      find: 'this.#replacedMs.set(link, this.#clock.now());',
      replace: ';',
    },
  ],
  'probation writes at once': [
    {
      file: CONNECTION,
      find: "probation ? 'probation' : 'idle'",
      replace: "probation ? 'idle' : 'idle'",
    },
  ],
  'a loss without proof of life leads to no probation': [
    { file: DIALER, find: 'this.#probation = true;', replace: ';' },
  ],
  'a deferral is not counted': [{ file: STAGE, find: 'message.deferrals++;', replace: ';' }],
  'the TTL does not count while a message waits for its route': [
    {
      file: STAGE,
      find: 'const lastMs = message.expiresAtMs ??',
      replace: 'const lastMs =',
    },
  ],
  'the TTL does not count at the head of an outbox': [
    { file: BATCH, find: 'message.expiresAtMs <= now.ms', replace: 'message.expiresAtMs <= 0' },
  ],
  'what was to be dropped at a loss is sent again': [
    { file: QUEUE, find: "settings.onLoss === 'drop'", replace: "settings.onLoss === ''" },
  ],
  'the copy that found no room is not counted': [
    { file: DELIVERY, find: 'link.queue.refuseCopy(refusal, id);', replace: ';' },
  ],
  'the bytes of an outbox have no bound': [
    { file: OUTBOX, find: '&& this.bytes + bytes <= this.#limits.bytesMax', replace: '' },
  ],
  'what was being written is forgotten at a loss': [
    {
      file: OUTBOX,
      find: 'this.#cursor = this.#head;\n        this.#takenMessages',
      replace: 'this.#takenMessages',
    },
  ],
  'deadlines outlive their connection': [
    { file: LIVENESS, find: 'deadline?.dispose();', replace: ';' },
    {
      file: CONNECTION,
      find: 'this.#conversation?.finished();\n        this.#discardUnread();',
      replace: 'this.#discardUnread();',
    },
  ],
  'who is listed takes a slot of anyone': [
    {
      file: 'packages/core/dist/accept/accept-groups.js',
      find: 'if (exact !== undefined)',
      replace: "if (exact?.links.some((link) => link.state === 'awaiting'))",
    },
  ],
  'a heartbeat is delivered': [
    {
      file: HEARTBEATS,
      find: 'if (sameBytes(payload, heartbeat.payload)) {',
      replace: 'if (sameBytes(payload, heartbeat.payload) && payload.length > 0) {',
    },
  ],
  'a relay never reads again': [
    {
      file: 'packages/core/dist/routing/relay-backpressure.js',
      find: 'holding.release();',
      replace: ';',
    },
  ],
  'a frame is delivered before the link is up': [
    { file: CONNECTION, find: 'owner.proved();', replace: ';' },
  ],
  'a copy that ends is not told': [
    {
      file: QUEUE,
      find: 'this.#services.listener.ended(outcome, reason, this.#link, id);',
      replace: ';',
    },
  ],
}

/** Halves of a bug: each alone does no harm, because something else guards against the same. */
export const HALVES = {
  'bound copies stay when their connection is lost': [
    {
      file: QUEUE,
      find: "if (message.epoch === 0)\n                return false;\n            this.#ended('dropped', EPOCH, message.id);\n            return true;",
      replace: 'return false;',
    },
  ],
  'a flush does not look whether a write is under way': [
    {
      file: CONNECTION,
      find: "if (this.#sending !== 'due' && this.#sending !== 'idle')\n            return;",
      replace: 'if (!this.writable)\n            return;',
    },
    {
      file: CONNECTION,
      find: "this.#send('flush');",
      replace: "if (this.#sending !== 'writing')\n            this.#send('flush');",
    },
  ],
  'a wake-up does not look whether a write is under way': [
    {
      file: CONNECTION,
      find: "if (this.#sending !== 'idle')\n            return;\n        this.#send('wake');",
      replace:
        "if (this.#sending === 'idle')\n            this.#send('wake');\n        else if (this.#sending !== 'writing')\n            return;",
    },
  ],
  'a bound copy is written over any connection': [
    {
      file: BATCH,
      find: "message.epoch !== 0 && message.epoch !== now.epoch ? 'epoch' : undefined",
      replace: 'undefined',
    },
  ],
}

/** Found together: one bug must not hide another. */
export const PAIRS = [
  [
    'a flush does not look whether a write is under way',
    'a wake-up does not look whether a write is under way',
  ],
  [
    'bound copies stay when their connection is lost',
    'a bound copy is written over any connection',
  ],
  ['rewind forgets to mark what is sent again', 'what was to be dropped at a loss is sent again'],
  [
    'written is counted for a connection that is over',
    'bytes of a connection that is over are delivered',
  ],
  [
    'attempts are set back when a connection opens',
    'a loss without proof of life leads to no probation',
  ],
  ['a challenge ousts who lives', 'nobody is held down after a replacement'],
  ['a passing queue is inherited', 'the decoder outlives its connection'],
  ['no drain is told', 'a relay never reads again'],
  [
    'the TTL does not count at the head of an outbox',
    'the TTL does not count while a message waits for its route',
  ],
  ['a permit to dial is kept', 'deadlines outlive their connection'],
  ['a deferral is not counted', 'the copy that found no room is not counted'],
  ['what was being written is forgotten at a loss', 'one copy less is released than was written'],
]

/** All edits of one name, or of two that are parted by ` + `. */
export function editsOf(name) {
  return name.split(' + ').flatMap((part) => {
    const edits = CANARIES[part] ?? HALVES[part]
    if (edits === undefined) throw new Error(`no canary is named "${part}"`)
    return edits
  })
}
