import { len16Codec, type Len16Options } from '@commloop/codec-len16'
import {
  createNode,
  type LinkChange,
  type Node,
  type NodeOptions,
  type OutcomeEvent,
  type Plugin,
} from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { afterEach } from 'vitest'
import { eventually } from '../peer/eventually.js'

const running = new Set<NodeUnderTest>()

export interface NodeUnderTestOptions {
  readonly codec?: Len16Options
  /** Beside transport and codec. */
  readonly plugins?: readonly Plugin[]
}

/** A node in this process, on real sockets. It records the events of the node. */
export class NodeUnderTest {
  readonly node: Node
  readonly messages: { readonly link: string; readonly epoch: number; readonly text: string }[] = []
  readonly changes: LinkChange[] = []
  readonly outcomes: OutcomeEvent[] = []
  readonly rejected: { readonly remote: string; readonly reason: string }[] = []

  private constructor(options: NodeOptions, { codec, plugins = [] }: NodeUnderTestOptions) {
    this.node = createNode(options, tcpTransport(), len16Codec(codec), ...plugins)
    this.node.on('message', ({ payload, link, epoch }) => {
      this.messages.push({ link, epoch, text: Buffer.from(payload).toString('latin1') })
    })
    this.node.on('link', (change) => this.changes.push(change))
    this.node.on('outcome', (event) => this.outcomes.push(event))
    this.node.on('rejected', (event) => this.rejected.push(event))
  }

  static async start(
    options: NodeOptions,
    surroundings: NodeUnderTestOptions = {},
  ): Promise<NodeUnderTest> {
    const under = new NodeUnderTest(options, surroundings)
    running.add(under)
    await under.node.start()
    return under
  }

  get port(): number {
    return this.node.listening?.port ?? 0
  }

  textsOf(link: string, epoch?: number): string[] {
    return this.messages
      .filter((message) => message.link === link)
      .filter((message) => epoch === undefined || message.epoch === epoch)
      .map(({ text }) => text)
  }

  /** Why the connection of this epoch was lost, when it was. */
  async lost(link: string, epoch: number): Promise<string> {
    const change = await eventually(`the end of ${link} in epoch ${String(epoch)}`, () =>
      this.changes.find((one) => one.link === link && one.epoch === epoch && one.state !== 'up'),
    )
    return change.reason ?? ''
  }

  async up(link: string, epoch: number): Promise<void> {
    await eventually(
      `${link} up in epoch ${String(epoch)}`,
      () => this.node.link(link).epoch >= epoch,
      () => JSON.stringify(this.changes.slice(-5)),
    )
  }

  async stop(): Promise<void> {
    running.delete(this)
    await this.node.stop()
  }
}

/** Once at the top of a test file. */
export function stopNodesAfterEach(): void {
  afterEach(async () => {
    await Promise.all([...running].map((under) => under.stop()))
  })
}
