import { Len16Codec } from '@commloop/codec-len16'
import {
  Clock,
  createNode,
  type EntryOptions,
  FrameCodec,
  type LinkCounters,
  type Node,
  type NodeOptions,
  type OutcomeEvent,
  type Plugin,
  Random,
  type SendOptions,
  Transport,
  use,
} from '@commloop/core'
import { ManualClock } from '@commloop/testing'
import { expect } from 'vitest'
import { ScriptedTransport } from './scripted-transport.js'

/** A node with virtual time, no chance, and the test for a network. Remembers what it told. */
export class TestNode {
  readonly clock = new ManualClock()
  readonly transport = new ScriptedTransport()
  readonly node: Node
  readonly states: string[] = []
  readonly outcomes: OutcomeEvent[] = []
  readonly messages: string[] = []
  readonly warnings: string[] = []
  readonly drains: string[] = []
  readonly rejected: string[] = []

  constructor(options: NodeOptions, ...plugins: Plugin[]) {
    this.node = createNode(
      options,
      use(Transport, this.transport),
      use(FrameCodec, new Len16Codec()),
      use(Clock, this.clock),
      use(Random, { next: () => 0.5 }),
      ...plugins,
    )
    this.node
      .on('link', ({ link, state, reason }) => {
        this.states.push(`${link} ${state}${reason === undefined ? '' : ` (${reason})`}`)
      })
      .on('outcome', (event) => this.outcomes.push(event))
      .on('message', ({ payload, link, epoch }) => {
        this.messages.push(`${link}#${String(epoch)} ${Buffer.from(payload).toString('latin1')}`)
      })
      .on('warning', ({ code }) => this.warnings.push(code))
      .on('drain', ({ link }) => this.drains.push(link))
      .on('rejected', ({ reason }) => this.rejected.push(reason))
  }

  /** Started, and listening where it listens. */
  static started(options: NodeOptions, ...plugins: Plugin[]): TestNode {
    const bench = new TestNode(options, ...plugins)
    void bench.node.start()
    bench.transport.listening()
    return bench
  }

  send(text: string, options?: SendOptions): boolean {
    return this.node.send(Buffer.from(text, 'latin1'), options)
  }

  /** Lets what is due at the end of the present callback happen. */
  soon(): void {
    this.clock.advance(0)
  }

  /** Both ledgers, true at every moment. */
  checkLedgers(): void {
    const node = this.node.counters
    const ends = node.routing + node.routed + node.dropped + node.undeliverable + node.expired
    expect(node.accepted, 'node ledger').toBe(ends)
    const links = [...this.node.links().map(({ counters }) => counters), this.node.retired]
    for (const counters of links) expect(counters.enqueued, 'link ledger').toBe(copyEnds(counters))
    const enqueued = links.reduce((sum, counters) => sum + counters.enqueued, 0)
    expect(enqueued, 'copies').toBe(node.copies)
  }

  /** Ends it, and proves that it leaves nothing behind. */
  async stopped(): Promise<void> {
    this.checkLedgers()
    const stopping = this.node.stop()
    this.clock.advance(60_000)
    await stopping
    this.checkLedgers()
    this.clock.advance(60_000)
    expect(this.clock.pendingTimers, 'timers left').toBe(0)
  }
}

function copyEnds(counters: LinkCounters): number {
  const { queued, written, expired, dropped, undeliverable } = counters
  return queued + written + expired + dropped + undeliverable
}

export const PEER: EntryOptions = { id: 'peer', role: 'active', ip: '10.0.0.2', port: 8001 }
