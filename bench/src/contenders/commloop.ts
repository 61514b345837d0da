import { createNode, type Node } from '@commloop/core'
import { len16Codec } from '@commloop/codec-len16'
import { tcpTransport } from '@commloop/transport-tcp'
import type { Contender, Sending } from '../traffic/contender.js'
import type { PayloadCycle } from '../traffic/payload-cycle.js'
import { LOOPBACK } from './sockets.js'

/** The public interface, as a user of the library has it: two nodes, one link, no `to`, so the router is asked. */
export const commloop: Contender = {
  name: 'commloop',
  about: '`node.send(payload)` to `on("message")`: router, outbox, accounting and all deadlines on',
  async receive(sink) {
    const node = createNode(
      {
        listen: { host: LOOPBACK, port: 0 },
        links: [{ id: 'peer', role: 'passive', ip: LOOPBACK }],
      },
      tcpTransport(),
      len16Codec(),
    )
    node.on('message', ({ payload }) => {
      sink.take(payload)
    })
    await node.start()
    return { port: node.listening?.port ?? 0 }
  },
  async send(port) {
    const node = createNode(
      { links: [{ id: 'peer', role: 'active', ip: LOOPBACK, port }] },
      tcpTransport(),
      len16Codec(),
    )
    await node.start()
    await up(node)
    return new NodeSending(node)
  },
}

/** Resolves when the link of the table, or so many of them, are up. */
export function up(node: Node, links = 1): Promise<void> {
  return new Promise((resolve) => {
    let missing = links
    node.on('link', ({ state }) => {
      if (state === 'up' && --missing === 0) resolve()
    })
  })
}

export class NodeSending implements Sending {
  readonly #node: Node
  #drained: () => void = () => undefined

  constructor(node: Node) {
    this.#node = node
    node.on('drain', () => {
      this.#drained()
    })
  }

  send(payloads: PayloadCycle, messages: number): Promise<void> {
    const node = this.#node
    let left = messages
    return new Promise((resolve) => {
      const pump = (): void => {
        while (left > 0) {
          left--
          if (!node.send(payloads.next())) return
        }
        resolve()
      }
      this.#drained = pump
      pump()
    })
  }
}
