import type { EntryOptions } from '@commloop/core'
import { useRouter } from '@commloop/core'
import type { Contender, Sending } from '../traffic/contender.js'
import type { PayloadCycle } from '../traffic/payload-cycle.js'
import { newNode, NodeSending, startAndWaitForLinks } from './commloop.js'
import { cutFrames, RawBatch } from './raw-frames.js'
import { dial, drained, listen, LOOPBACK } from './sockets.js'

/** Messages for each link before all links are written: what a busy process has for a link in one turn. */
const MESSAGES_PER_TURN = 16

/** Two nodes with so many links between them; a router that looks into the payload says which one. */
export function commloopWithLinks(links: number): Contender {
  const ids = Array.from({ length: links }, (_, at) => `link-${String(at)}`)
  const byContent = {
    route: ({ payload }: { readonly payload: Uint8Array }) =>
      ids[((payload[0] ?? 0) | ((payload[1] ?? 0) << 8)) % links] ?? '',
  }
  return {
    name: `commloop, ${String(links)} links`,
    about: 'two nodes, a router that looks into the payload, messages for every link in every turn',
    async receive(sink) {
      const node = newNode({
        listen: { host: LOOPBACK, port: 0 },
        links: [{ id: 'peer', role: 'passive', ip: LOOPBACK, slots: links }],
      })
      node.on('message', ({ payload }) => {
        sink.take(payload)
      })
      await node.start()
      return { port: node.listening?.port ?? 0 }
    },
    async send(port) {
      const entries: EntryOptions[] = ids.map((id) => ({ id, role: 'active', ip: LOOPBACK, port }))
      const node = newNode({ links: entries }, useRouter(byContent))
      await startAndWaitForLinks(node, links)
      return new NodeSending(node, links * MESSAGES_PER_TURN)
    },
  }
}

/** The same by hand: a buffer for each socket and turn. */
export function rawWithSockets(sockets: number): Contender {
  return {
    name: `raw, ${String(sockets)} sockets`,
    about: '`node:net` by hand, one buffer and one write for each socket in every turn',
    async receive(sink) {
      const port = await listen((socket) => {
        cutFrames(socket, (payload) => {
          sink.take(payload)
        })
      })
      return { port }
    },
    async send(port) {
      const batches: RawBatch[] = []
      for (let at = 0; at < sockets; at++) batches.push(new RawBatch(await dial(port), 2048))
      return new RawManySending(batches)
    },
  }
}

class RawManySending implements Sending {
  readonly #batches: readonly RawBatch[]

  constructor(batches: readonly RawBatch[]) {
    this.#batches = batches
  }

  async send(payloads: PayloadCycle, messages: number): Promise<void> {
    const batches = this.#batches
    for (let left = messages; left > 0;) {
      const turn = Math.min(left, batches.length * MESSAGES_PER_TURN)
      const full: RawBatch[] = []
      for (let at = 0; at < turn; at++) {
        const payload = payloads.next()
        const place = (payload[0] ?? 0) | ((payload[1] ?? 0) << 8)
        const batch = batches[place % batches.length]
        if (batch?.add(payload) === false) full.push(batch)
      }
      for (const batch of batches) if (!batch.flush()) full.push(batch)
      await Promise.all(full.map(({ socket }) => drained(socket)))
      left -= turn
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
