import { createNode, type Node, type NodeOptions, type NodePart } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { ForeignProcess } from './foreign-process.js'
import { waitFor } from './wait-for.js'

/** The nodes and foreign programs of one test. */
export class Stage {
  readonly #running: { stop(): Promise<void> }[] = []

  /** Stops all of them, the last one first. */
  async clear(): Promise<void> {
    for (const each of this.#running.splice(0).reverse()) await each.stop()
  }

  async node(options: NodeOptions, codec: NodePart): Promise<Node> {
    const node = createNode(options, tcpTransport(), codec)
    this.#running.push(node)
    await node.start()
    return node
  }

  program(command: string, ...args: string[]): ForeignProcess {
    const process = new ForeignProcess(command, args)
    this.#running.push(process)
    return process
  }

  /** A node whose link `peer` is up with a program that listens on this port. */
  async dialled(port: number, codec: NodePart): Promise<Node> {
    const node = await this.node(
      { links: [{ id: 'peer', role: 'active', ip: '127.0.0.1', port }] },
      codec,
    )
    await waitFor(() => node.link('peer').state === 'up')
    return node
  }

  /** A node that waits for a program on this machine. */
  async listening(codec: NodePart): Promise<Node> {
    const links = [{ id: 'peer', role: 'passive', ip: '127.0.0.1', slots: 1 }] as const
    return await this.node({ listen: { host: '127.0.0.1', port: 0 }, links }, codec)
  }

  /** A node between a program that dials it (`client`) and one that listens on this port (`server`). */
  async between(port: number, codec: NodePart): Promise<Node> {
    const node = await this.node(
      {
        listen: { host: '127.0.0.1', port: 0 },
        links: [
          { id: 'client', role: 'passive', ip: '127.0.0.1', slots: 1 },
          { id: 'server', role: 'active', ip: '127.0.0.1', port },
        ],
      },
      codec,
    )
    node.on('message', ({ payload, link }) => {
      node.send(payload, { to: link === 'client' ? 'server' : 'client' })
    })
    await waitFor(() => node.link('server').state === 'up')
    return node
  }
}

/** The payloads that a node receives from now on, a character for each byte. */
export function received(node: Node): string[] {
  const payloads: string[] = []
  node.on('message', ({ payload }) => payloads.push(Buffer.from(payload).toString('latin1')))
  return payloads
}
