// Bugs that a campaign plants on purpose and must find. Each is a list of edits of built files; `find` must occur
// exactly once. If a campaign misses one of them, it is blind to that kind of bug.

import { JOURNAL_FAULTS, ROT_FAULTS } from './journal-faults.mjs'

const LINK = 'packages/core/dist/link/link.js'
const QUEUE = 'packages/core/dist/link/link-queue.js'
const CONNECTION = 'packages/core/dist/link/connection/connection.js'
const READER = 'packages/core/dist/link/connection/frame-reader.js'
const WRITER = 'packages/core/dist/link/connection/frame-writer.js'
const LIVENESS = 'packages/core/dist/link/connection/liveness.js'
const OPENING = 'packages/core/dist/link/conversation/opening.js'
const READINESS = 'packages/core/dist/link/readiness.js'
const HEARTBEATS = 'packages/core/dist/link/conversation/heartbeats.js'
const OUTBOX = 'packages/core/dist/outbox/memory-outbox.js'
const BATCH = 'packages/core/dist/link/connection/batch.js'
const DIALER = 'packages/core/dist/link/dialer.js'
const ROTATION = 'packages/core/dist/link/address-rotation.js'
const ACCEPTOR = 'packages/core/dist/accept/acceptor.js'
const DELIVERY = 'packages/core/dist/routing/delivery.js'
const STAGE = 'packages/core/dist/routing/pending-routes.js'
const REQUESTS = 'packages/core/dist/routing/requests.js'
const ASKED = 'packages/core/dist/routing/connection-requests.js'
const DECODER = 'packages/codec-len16/dist/len16-decoder.js'

/** Added to faults that would make the loop endless: the campaign must find them before its time limit does. */
const BOUNDED_RELEASE = {
  file: OUTBOX,
  find: 'for (let left = count; left > 0; this.#head++)',
  replace: 'for (let left = count; left > 0 && this.#head < this.#tail; this.#head++)',
}

/** Faults that a campaign must find one at a time. */
export const SEEDED_FAULTS = {
  'a lost connection leaves its requests waiting': [
    {
      file: REQUESTS,
      find: 'for (const request of requests.underWay)',
      replace: 'for (const request of [])',
    },
  ],
  'a late answer is given to the next request': [
    {
      file: REQUESTS,
      find: "request.phase === 'inLine' || this.tracked",
      replace: 'request.key === undefined || this.tracked',
    },
  ],
  'a message answers a request that is not written yet': [
    {
      file: ASKED,
      find: 'this.first?.begun === true ? this.first : undefined',
      replace: 'this.first',
    },
  ],
  'a request whose copy is dropped goes on waiting': [
    { file: REQUESTS, find: 'this.#fail(request, endOf(error), error);', replace: ';' },
  ],
  'a timeout is counted as an answer': [
    {
      file: REQUESTS,
      find: "'timedOut', timeoutError(request));\n        this.#expectLate",
      replace: "'answered', timeoutError(request));\n        this.#expectLate",
    },
  ],
  'the line does not go on after a timeout': [
    {
      file: REQUESTS,
      find: 'if (!requests.isEmpty)\n            this.#advanceSoon(requests);\n        else if',
      replace: 'if',
    },
  ],
  'a link dials the first address of its peer only': [
    { file: ROTATION, find: '.sort((left, right) => rank(left) - rank(right))', replace: '' },
  ],
  'a link with an opening is up with its first frame': [
    { file: READINESS, find: "if (this.#wait?.for !== 'opening')", replace: '' },
  ],
  'an opening takes the messages that follow it': [
    { file: OPENING, find: 'this.#listens = this.#stays();', replace: ';' },
  ],
  'a session that stays takes every frame': [
    {
      file: OPENING,
      find: 'if (this.#listens && this.#ask(payload))',
      replace: 'if (this.#listens && (this.#ask(payload) || !this.isOpening))',
    },
  ],
  'a frame of an opening is counted twice': [
    {
      file: OPENING,
      find: 'this.#link.queue.tally.openingReceived++;',
      replace: 'this.#link.queue.tally.openingReceived += this.isOpening ? 1 : 2;',
    },
  ],
  'the end of an opening does not reach its session': [
    { file: OPENING, find: 'this.#session?.ended?.();', replace: ';' },
  ],
  'an opening has no timeout': [
    {
      file: READINESS,
      find: "if (wait.for === 'opening')",
      replace: "if (wait.for === 'opening' && this.#link.connection === undefined)",
    },
  ],
  'a rewind does not mark resent messages': [
    { file: OUTBOX, find: 'message.resent = true;', replace: ';' },
  ],
  'a write releases one copy too few': [
    {
      file: WRITER,
      find: 'release(batch.messages, batch.hasIds',
      replace: 'release(batch.messages - 1, batch.hasIds',
    },
  ],
  'a decoder is reused for the next connection': [
    {
      file: READER,
      find: 'const decoder = codec.createDecoder();',
      replace: 'const decoder = (this.#host.link.kept ??= codec.createDecoder());',
    },
    {
      file: CONNECTION,
      find: 'get reads() {',
      replace: 'get link() { return this.#owner; }\n    get reads() {',
    },
  ],
  'an opened connection resets the attempts': [
    {
      file: DIALER,
      find: '#opened(connection) {',
      replace: '#opened(connection) { this.#attempt = 0;',
    },
  ],
  'the next peer of a passing link inherits its queue': [
    {
      file: LINK,
      find: 'else\n            this.queue.dropAll(PEER_GONE);',
      replace: 'else\n            this.queue.dropBound();',
    },
  ],
  'a late confirmation counts for a closed connection': [
    {
      file: CONNECTION,
      find: 'this.#owner.queue.tally.fenced++;\n            return;\n        }\n        const writer = this.#writer;\n        if (writer === undefined || this.quiet)',
      replace:
        'this.#owner.queue.tally.fenced++;\n        }\n        const writer = this.#writer;\n        if (writer === undefined || (this.quiet && !this.#isClosed()))',
    },
    BOUNDED_RELEASE,
  ],
  'late bytes of a closed connection are delivered': [
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
  'the search for expired messages takes messages that are being written': [
    {
      file: OUTBOX,
      find: 'for (let at = this.#cursor; at < this.#tail; at++) {\n            const slot = this.#ring[at & this.#mask];\n            if (slot !== undefined && which(',
      replace:
        'for (let at = this.#head; at < this.#tail; at++) {\n            const slot = this.#ring[at & this.#mask];\n            if (slot !== undefined && which(',
    },
    BOUNDED_RELEASE,
  ],
  'a drain is not reported': [
    { file: QUEUE, find: 'listener.belowMark(this.#link);', replace: ';' },
  ],
  'a dial permit is not returned': [
    { file: DIALER, find: 'this.#permit?.giveBack();', replace: ';' },
  ],
  'an incomplete frame is delivered': [
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
  'a challenge replaces a live connection': [
    {
      file: 'packages/core/dist/accept/challenge.js',
      find: 'this.link.queue.tally.receivedBytes > this.#receivedBytes',
      replace: 'this.link.queue.tally.receivedBytes > Infinity',
    },
  ],
  'a replacement starts no hold-down': [
    {
      file: ACCEPTOR,
      find: 'this.#replacedMs.set(link, this.#clock.now());',
      replace: ';',
    },
  ],
  'a connection writes during probation': [
    {
      file: CONNECTION,
      find: "probation ? 'probation' : 'idle'",
      replace: "probation ? 'idle' : 'idle'",
    },
  ],
  'a loss without proof of life starts no probation': [
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
  'a loss resends messages that it should drop': [
    { file: QUEUE, find: "settings.onLoss === 'drop'", replace: "settings.onLoss === ''" },
  ],
  'a copy that finds the outbox full is not counted': [
    { file: DELIVERY, find: 'link.queue.refuseCopy(refusal, id);', replace: ';' },
  ],
  'an outbox does not limit its bytes': [
    { file: OUTBOX, find: '&& this.bytes + bytes <= this.#limits.bytesMax', replace: '' },
  ],
  'a loss forgets the messages that were being written': [
    {
      file: OUTBOX,
      find: 'this.#cursor = this.#head;\n        this.#takenMessages',
      replace: 'this.#takenMessages',
    },
  ],
  'the deadlines of a closed connection keep running': [
    { file: LIVENESS, find: 'deadline?.dispose();', replace: ';' },
    {
      file: CONNECTION,
      find: 'this.conversation?.ended(this.#reason) ?? this.#reason',
      replace: 'this.#reason',
    },
  ],
  'a connection whose peer only does not read is given up': [
    {
      file: 'packages/core/dist/link/connection/acknowledgement-watch.js',
      find: '|| isPeerFull',
      replace: '',
    },
  ],
  'a held link delivers what is left after the next connection': [
    {
      file: 'packages/core/dist/link/intake.js',
      find: 'return this.#holds > 0 || this.#leftover !== undefined;',
      replace: 'return this.#holds > 0;',
    },
    {
      file: 'packages/core/dist/link/intake.js',
      find: 'this.#deliverLeftover(this.#leftover);',
      replace:
        'this.#services.clock.after(5, () => this.#leftover && this.#deliverLeftover(this.#leftover));',
    },
  ],
  'a held link writes after the FIN of its peer': [
    {
      file: CONNECTION,
      find: "if (this.#receiving === 'finHeld' && this.#owner.settings.halfClose === 'close')",
      replace: 'if (false)',
    },
  ],
  'a listed peer takes a slot of an entry for any address': [
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
  'a relay never resumes reading': [
    {
      file: 'packages/core/dist/routing/relay-backpressure.js',
      find: 'holding.release();',
      replace: ';',
    },
  ],
  'a frame is delivered before the link is up': [
    { file: CONNECTION, find: 'owner.readiness.frame();', replace: ';' },
  ],
  'the end of a copy is not reported': [
    {
      file: QUEUE,
      find: 'this.#services.listener.ended(outcome, reason, this.#link, id);',
      replace: ';',
    },
  ],
}

/** Halves of a fault: each alone is harmless, because another guard prevents the same bug. */
export const HALVES = {
  'a loss keeps the copies bound to its connection': [
    {
      file: QUEUE,
      find: "if (message.epoch === 0)\n                return false;\n            this.#ended('dropped', EPOCH, message.id);\n            return true;",
      replace: 'return false;',
    },
  ],
  'a flush ignores a write in progress': [
    {
      file: CONNECTION,
      find: "if (this.#sending !== 'due' && this.#sending !== 'idle' && !asks)\n            return;",
      replace: 'if (!this.writable)\n            return;',
    },
    {
      file: CONNECTION,
      find: "this.#send('flush');",
      replace: "if (this.#sending !== 'writing')\n            this.#send('flush');",
    },
  ],
  'a wake-up ignores a write in progress': [
    {
      file: CONNECTION,
      find: "if (this.#sending !== 'idle')\n            return;\n        this.#send('wake');",
      replace:
        "if (this.#sending === 'idle')\n            this.#send('wake');\n        else if (this.#sending !== 'writing')\n            return;",
    },
  ],
  'a bound copy is written to any connection': [
    {
      file: BATCH,
      find: "message.epoch !== 0 && message.epoch !== now.epoch ? 'epoch' : undefined",
      replace: 'undefined',
    },
  ],
}

/** Pairs that a campaign must find: one fault must not hide the other. */
export const PAIRS = [
  ['a flush ignores a write in progress', 'a wake-up ignores a write in progress'],
  ['a loss keeps the copies bound to its connection', 'a bound copy is written to any connection'],
  ['a rewind does not mark resent messages', 'a loss resends messages that it should drop'],
  [
    'a late confirmation counts for a closed connection',
    'late bytes of a closed connection are delivered',
  ],
  ['an opened connection resets the attempts', 'a loss without proof of life starts no probation'],
  ['a challenge replaces a live connection', 'a replacement starts no hold-down'],
  [
    'the next peer of a passing link inherits its queue',
    'a decoder is reused for the next connection',
  ],
  ['a drain is not reported', 'a relay never resumes reading'],
  [
    'the TTL does not count at the head of an outbox',
    'the TTL does not count while a message waits for its route',
  ],
  ['a dial permit is not returned', 'the deadlines of a closed connection keep running'],
  ['a deferral is not counted', 'a copy that finds the outbox full is not counted'],
  ['a loss forgets the messages that were being written', 'a write releases one copy too few'],
]

/** The edits of one fault, or of two names joined by ` + `. */
export function editsOf(name) {
  return name.split(' + ').flatMap((part) => {
    const edits = SEEDED_FAULTS[part] ?? HALVES[part] ?? JOURNAL_FAULTS[part] ?? ROT_FAULTS[part]
    if (edits === undefined) throw new Error(`no seeded fault is named "${part}"`)
    return edits
  })
}
