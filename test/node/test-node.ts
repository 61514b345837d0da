import { Len16Codec } from '@commloop/codec-len16'
import {
  Clock,
  createNode,
  type EntryOptions,
  FrameCodec,
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
import { expectLedgers } from './ledgers.js'
import { ScriptedTransport } from './scripted-transport.js'

/** A node on virtual time, without randomness, whose network is the test. It records the events of the node. */
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

  /** A node that has started; if it listens, its listener is open. */
  static started(options: NodeOptions, ...plugins: Plugin[]): TestNode {
    const bench = new TestNode(options, ...plugins)
    void bench.node.start()
    bench.transport.listening()
    return bench
  }

  send(text: string, options?: SendOptions): boolean {
    return this.node.send(Buffer.from(text, 'latin1'), options)
  }

  /** Runs the callbacks that are due now. */
  soon(): void {
    this.clock.advance(0)
  }

  /** Checks both ledgers, which must balance at every moment. */
  checkLedgers(): void {
    expectLedgers(this.node)
  }

  /** Stops the node, and checks that it leaves no timer behind. */
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

export const PEER: EntryOptions = { id: 'peer', role: 'active', ip: '10.0.0.2', port: 8001 }
