import {
  type Outbox,
  type OutboxHandler,
  type OutboxLimits,
  OutboxStore,
} from '../../packages/core/src/contracts/outbox.js'
import { MemoryOutbox } from '../../packages/core/src/outbox/memory-outbox.js'
import { use } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'

/** An outbox whose messages can be sent only later, like one that first writes to a disk. */
class SlowOutbox extends MemoryOutbox {
  readonly #handler: OutboxHandler
  looks = 0
  ready = true

  constructor(limits: OutboxLimits, handler: OutboxHandler) {
    super(limits, handler)
    this.#handler = handler
  }

  override peek(): ReturnType<Outbox['peek']> {
    return this.ready ? super.peek() : undefined
  }

  override discard(which: Parameters<Outbox['discard']>[0]): void {
    this.looks++
    super.discard(which)
  }

  synced(): void {
    this.ready = true
    this.#handler.sendable()
  }
}

function withSlowOutbox(fill: (outbox: SlowOutbox) => void): [TestNode, SlowOutbox] {
  const outboxes: SlowOutbox[] = []
  const store: OutboxStore = {
    open: (_link, limits, handler) => {
      const outbox = new SlowOutbox(limits, handler)
      fill(outbox)
      outboxes.push(outbox)
      return outbox
    },
  }
  const bench = TestNode.started({ links: [PEER] }, use(OutboxStore, store))
  const [outbox] = outboxes
  if (outbox === undefined) throw new Error('no outbox was opened')
  return [bench, outbox]
}

describe('an outbox that becomes ready later', () => {
  it('is written when it reports `sendable`, and not before', async () => {
    const [bench, outbox] = withSlowOutbox(() => undefined)
    outbox.ready = false
    bench.send('x', { to: 'peer' })
    outbox.synced()
    outbox.ready = false
    const connection = bench.transport.lastDial.open()
    bench.soon()
    expect(connection.sent).toEqual([])
    outbox.synced()
    bench.soon()
    expect(connection.sent).toEqual(['x'])
    connection.written()
    await bench.stopped()
  })
})

describe('an outbox that has outlived its process', () => {
  it('is written, except copies for an earlier connection', async () => {
    const [bench] = withSlowOutbox((outbox) => {
      outbox.append(Buffer.from('reply'), 'reply', undefined, 7)
      outbox.append(Buffer.from('for anybody'), 'kept', undefined, 0)
    })
    const connection = bench.transport.lastDial.open()
    bench.soon()
    expect(connection.sent).toEqual(['for anybody'])
    expect(bench.outcomes).toMatchObject([{ id: 'reply', outcome: 'dropped', reason: 'epoch' }])
    expect(bench.warnings).toEqual([])
    connection.written()
    expect(bench.node.link('peer')).toHaveProperty('queuedMessages', 0)
    const stopping = bench.node.stop()
    bench.clock.advance(60_000)
    await stopping
  })
})

describe('a queue of messages that expire one after the other', () => {
  it('is searched ten times a second, not for each message', async () => {
    const [bench, outbox] = withSlowOutbox(() => undefined)
    for (let ttlMs = 1; ttlMs <= 1_000; ttlMs++) bench.send('x', { to: 'peer', ttlMs })
    bench.clock.advance(1_100)
    expect(bench.node.link('peer').counters).toMatchObject({ queued: 0, expired: 1_000 })
    expect(outbox.looks).toBeLessThanOrEqual(11)
    await bench.stopped()
  })
})
