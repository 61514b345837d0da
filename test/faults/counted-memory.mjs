// Measures the live heap of full stores against what they count. Run with --expose-gc; prints JSON. `argv[2]`: the folder of
// the built core.
import { performance } from 'node:perf_hooks'
import { clearTimeout, setImmediate, setTimeout } from 'node:timers'
import { pathToFileURL } from 'node:url'

const [core = ''] = process.argv.slice(2)
const load = (file) => import(pathToFileURL(`${core}/${file}.js`).href)
const { MemoryOutbox } = await load('outbox/memory-outbox')
const { PendingRoutes } = await load('routing/pending-routes')
const { MessageStream } = await load('receive/message-stream')
const { OUTBOX_MESSAGE_BYTES, ROUTING_MESSAGE_BYTES, STREAM_MESSAGE_BYTES } =
  await load('units/message-overhead')

const MESSAGES = 10_000
const CHUNK_BYTES = 65_536
const LIMITS = { messagesMax: 1e9, bytesMax: 1e12, routerTimeoutMs: 1e6, deferMsMax: 1e6 }
const nothing = () => undefined

async function liveBytes() {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 6; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc()
    const { heapUsed, external } = process.memoryUsage()
    least = Math.min(least, heapUsed + external)
  }
  return least
}

let chunk = new ArrayBuffer(CHUNK_BYTES)
let at = 0
function sharedPayload(bytes) {
  if (at + bytes > CHUNK_BYTES) {
    chunk = new ArrayBuffer(CHUNK_BYTES)
    at = 0
  }
  at += bytes
  return new Uint8Array(chunk, at - bytes, bytes)
}

const PAYLOADS = {
  own: (bytes) => new Uint8Array(bytes),
  shared: sharedPayload,
  // One small message of each received chunk.
  pinning: (bytes) => new Uint8Array(new ArrayBuffer(CHUNK_BYTES), 0, bytes),
}

function outbox(messages) {
  const store = new MemoryOutbox({ ...LIMITS, overflow: 'reject' }, {})
  return {
    store,
    add: (payload, index) => messages(store, payload, index),
    counted: () => store.level.bytes,
  }
}

const unrouted = (payload) => {
  const from = { link: 'link', epoch: 1 }
  return { payload, id: undefined, from, deferrals: 0, expiresAtMs: undefined, waitingSinceMs: 0 }
}

function routing(add) {
  const clock = {
    now: () => performance.now(),
    after: (ms, due) => {
      const timer = setTimeout(due, ms)
      return { cancel: () => clearTimeout(timer) }
    },
  }
  const store = new PendingRoutes(clock, LIMITS, {}, { ended: nothing, relieved: nothing })
  let counted = 0
  return {
    store,
    add(payload) {
      counted += payload.byteLength + ROUTING_MESSAGE_BYTES
      add(store, payload)
    },
    counted: () => counted,
    end: () => store.dropAll({ code: 'stopped' }),
  }
}

const STORES = {
  'outbox: payloads': () =>
    outbox((store, payload) => store.append(payload, undefined, undefined, 0)),
  'outbox: ids, expiry and epoch': () =>
    outbox((store, payload, index) => store.append(payload, `id-${index}`, 1e12 + index + 0.5, 1)),
  'routing: promises': () =>
    routing((store, payload) => store.awaitAnswer(unrouted(payload), new Promise(nothing))),
  'routing: deferrals': () => routing((store, payload) => store.defer(unrouted(payload), 900_000)),
  stream: () => {
    const store = new MessageStream(LIMITS, nothing)
    return {
      store,
      add: (payload) => store.push({ payload, link: 'link', epoch: 1 }),
      counted: () => store.bytes,
    }
  },
}

const results = []
for (const [name, make] of Object.entries(STORES)) {
  for (const [kind, payloadOf] of Object.entries(PAYLOADS)) {
    // Senders own what they pass, and relayed payloads are copied, so only a stream counts chunks.
    if (kind === 'pinning' && name !== 'stream') continue
    for (const bytes of kind === 'pinning' ? [16] : [0, 16, 64, 1024]) {
      const { store, add, counted, end } = make()
      const messages = kind === 'pinning' ? MESSAGES / 20 : MESSAGES
      const before = await liveBytes()
      for (let index = 0; index < messages; index++) add(payloadOf(bytes), index)
      const live = (await liveBytes()) - before
      results.push({
        name: `${name}, ${kind}, ${bytes} B`,
        live,
        counted: counted(),
        store: typeof store,
      })
      end?.()
    }
  }
}
console.log(
  JSON.stringify({
    results,
    constants: [OUTBOX_MESSAGE_BYTES, ROUTING_MESSAGE_BYTES, STREAM_MESSAGE_BYTES],
  }),
)
process.exit(0)
