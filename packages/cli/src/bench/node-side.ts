import { len16Codec } from '@commloop/codec-len16'
import { createNode, type Node, type NodeOptions } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { LOOPBACK, type SendingSide } from './sending-side.js'
import type { Arrivals, PayloadCycle } from './traffic.js'

/* A node with the defaults of the library: the router is called, and all limits, counters and deadlines are on. */

/** Listens on a free port. @returns the port */
export async function receiveWithNode(arrivals: Arrivals): Promise<number> {
  const node = newNode({
    listen: { host: LOOPBACK, port: 0 },
    links: [{ id: 'peer', role: 'passive', ip: LOOPBACK }],
  })
  node.on('message', ({ payload }) => {
    if (arrivals.take(payload)) node.send(payload)
  })
  await node.start()
  return node.listening?.port ?? 0
}

export async function sendWithNode(port: number): Promise<SendingSide> {
  const node = newNode({ links: [{ id: 'peer', role: 'active', ip: LOOPBACK, port }] })
  const up = new Promise<void>((resolve) => {
    node.on('link', ({ state }) => {
      if (state === 'up') resolve()
    })
  })
  await node.start()
  await up
  return new NodeSide(node)
}

function newNode(options: NodeOptions): Node {
  return createNode(options, tcpTransport(), len16Codec())
}

class NodeSide implements SendingSide {
  readonly #node: Node
  #drained: () => void = () => undefined
  #answered: (echo: Uint8Array) => void = () => undefined

  constructor(node: Node) {
    this.#node = node
    node.on('drain', () => {
      this.#drained()
    })
    node.on('message', ({ payload }) => {
      this.#answered(payload)
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

  ask(payload: Uint8Array, answered: (echo: Uint8Array) => void): void {
    this.#answered = answered
    this.#node.send(payload)
  }

  close(): void {
    void this.#node.stop()
  }
}
