import type { Node } from '@commloop/core'
import type { End, TwoWay } from '../traffic/two-way.js'
import { newNode, NodeSending, startAndWaitForLinks } from './commloop.js'
import { LOOPBACK } from './sockets.js'

export const twoWayCommloop: TwoWay = {
  name: 'commloop',
  about: 'two nodes, one link, `send` without `to`',
  async accept(take) {
    const node = newNode({
      listen: { host: LOOPBACK, port: 0 },
      links: [{ id: 'peer', role: 'passive', ip: LOOPBACK }],
    })
    node.on('message', ({ payload }) => {
      take(payload)
    })
    await node.start()
    const end = new NodeEnd(node)
    return { port: node.listening?.port ?? 0, end: () => end }
  },
  async dial(port, take) {
    const node = newNode({ links: [{ id: 'peer', role: 'active', ip: LOOPBACK, port }] })
    node.on('message', ({ payload }) => {
      take(payload)
    })
    await startAndWaitForLinks(node, 1)
    return new NodeEnd(node)
  },
}

class NodeEnd extends NodeSending implements End {
  readonly #node: Node

  constructor(node: Node) {
    super(node)
    this.#node = node
  }

  say(payload: Uint8Array): void {
    this.#node.send(payload)
  }
}
