import { createNode, type Node, type NodeOptions, type Plugin } from '@commloop/core'
import { len16Codec } from '@commloop/codec-len16'
import { tcpTransport } from '@commloop/transport-tcp'
import type { Contender, Sending } from '../traffic/contender.js'
import type { PayloadCycle } from '../traffic/payload-cycle.js'
import { LOOPBACK } from './sockets.js'

/** The public interface of the library: two nodes and one link. Messages have no `to`, so the router is called. */
export const commloop: Contender = {
  name: 'commloop',
  about:
    '`node.send(payload)` to `on("message")`: router, outbox, accounting and all deadlines are on',
  async receive(sink) {
    const node = newNode({
      listen: { host: LOOPBACK, port: 0 },
      links: [{ id: 'peer', role: 'passive', ip: LOOPBACK }],
    })
    node.on('message', ({ payload }) => {
      sink.take(payload)
    })
    await node.start()
    return { port: node.listening?.port ?? 0 }
  },
  async send(port) {
    const node = newNode({ links: [{ id: 'peer', role: 'active', ip: LOOPBACK, port }] })
    await startAndWaitForLinks(node, 1)
    return new NodeSending(node)
  },
}

export function newNode(options: NodeOptions, ...plugins: readonly Plugin[]): Node {
  return createNode(options, tcpTransport(), len16Codec(), ...plugins)
}

/** Starts a node. Resolves when this many links are up. */
export async function startAndWaitForLinks(node: Node, links: number): Promise<void> {
  const up = new Promise<void>((resolve) => {
    let missing = links
    node.on('link', ({ state }) => {
      if (state === 'up' && --missing === 0) resolve()
    })
  })
  await node.start()
  await up
}

/** Sends until `send` returns false, then waits for `drain`. */
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
      this.#drained = () => {
        while (left > 0) {
          left--
          if (!node.send(payloads.next()) && left > 0) return
        }
        resolve()
      }
      this.#drained()
    })
  }
}
