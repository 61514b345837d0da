import { type Route, useRouter } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { unpinned } from '../../packages/core/src/link/unpinned.js'
import { PEER, TestNode } from './test-node.js'
import { frame, type ScriptedConnection } from './scripted-transport.js'

async function writesOfTwoLinks(takesAtOnce: boolean): Promise<ScriptedConnection[]> {
  const links = ['a', 'b'].map((id) => ({ ...PEER, id }))
  const bench = TestNode.started({ links })
  const connections = bench.transport.dials.map((dial) => dial.open())
  for (const connection of connections) connection.takesAtOnce = takesAtOnce
  for (const { id } of links) bench.node.send(Buffer.from(`for ${id}`), { to: id })
  bench.clock.advance(0)
  expect(connections.map(({ sent }) => sent)).toEqual([['for a'], ['for b']])
  expect(bench.node.link('a').counters).toMatchObject({ queued: 1, written: 0 })
  for (const connection of connections) connection.written()
  expect(bench.node.link('a').counters).toMatchObject({ queued: 0, written: 1 })
  await bench.stopped()
  return connections
}

describe('the buffers into which frames are encoded', () => {
  it('are reused immediately if the transport has copied the write', async () => {
    const [a, b] = await writesOfTwoLinks(true)
    expect(a?.memories).toHaveLength(1)
    expect(b?.memories[0]).toBe(a?.memories[0])
  })

  it('are not reused before the write is confirmed if the transport has not copied it', async () => {
    const [a, b] = await writesOfTwoLinks(false)
    expect(a?.memories).toHaveLength(1)
    expect(b?.memories[0]).not.toBe(a?.memories[0])
  })
})

interface PassedOn {
  /** What the router answers first for the small payload; afterwards, and by default, `target`. */
  readonly firstAnswer?: Route
  /** Called before `source` receives a chunk that contains one small payload for `target`. */
  readonly before?: (bench: TestNode, target: ScriptedConnection) => void
  /** Called after that, until the small payload is confirmed. */
  readonly after: (bench: TestNode, target: ScriptedConnection) => void
}

/** The received chunk, and the payload from it at the moment when it was confirmed. */
async function passedOn({
  firstAnswer = 'target',
  before,
  after,
}: PassedOn): Promise<[Uint8Array, Uint8Array | undefined]> {
  const links = ['source', 'target'].map((id) => ({ ...PEER, id }))
  let asked = 0
  const answers = (): Route => (asked++ === 0 ? firstAnswer : 'target')
  const bench = TestNode.started(
    { relay: true, links },
    useRouter({ route: ({ payload }) => (payload.length < 9 ? answers() : { drop: 'large' }) }),
  )
  const sent: Uint8Array[] = []
  bench.node.on('passing', ({ direction, payload }) => {
    if (direction === 'sent') sent.push(payload)
  })
  const [source, target] = bench.transport.dials.map((dial) => dial.open())
  if (source === undefined || target === undefined) throw new Error('not dialled')
  before?.(bench, target)
  const chunk = new Uint8Array([...frame('small'), ...frame('large'.repeat(10_000))])
  source.receiveBytes(chunk)
  bench.soon()
  after(bench, target)
  await bench.stopped()
  const payload = sent.find((bytes) => Buffer.from(bytes).toString() === 'small')
  return [chunk, payload]
}

function writeOverTheNext(bench: TestNode): void {
  bench.clock.advance(60_000)
  const next = bench.transport.lastDial.open()
  bench.clock.advance(1_000)
  next.written()
}

describe('a small payload of a large chunk that is relayed', () => {
  it('is not copied if it is written immediately', async () => {
    const [chunk, payload] = await passedOn({
      after: (_bench, target) => {
        target.written()
      },
    })
    expect(payload?.buffer).toBe(chunk.buffer)
  })

  it.each<[string, PassedOn]>([
    [
      'for a route',
      {
        firstAnswer: { defer: 10 },
        after: (bench, target) => {
          bench.clock.advance(10)
          target.written()
        },
      },
    ],
    [
      'for a connection',
      {
        before: (_bench, target) => {
          target.reset()
        },
        after: writeOverTheNext,
      },
    ],
    [
      'for the next connection while this one ends',
      {
        before: (_bench, target) => {
          target.fin()
        },
        after: (bench, target) => {
          target.closed()
          writeOverTheNext(bench)
        },
      },
    ],
    [
      'for a write to end',
      {
        before: (bench) => {
          bench.send('first', { to: 'target' })
          bench.soon()
        },
        after: (_bench, target) => {
          target.written()
          target.written()
        },
      },
    ],
    [
      'to be sent again',
      {
        after: (bench, target) => {
          target.reset()
          writeOverTheNext(bench)
        },
      },
    ],
  ])('does not keep the chunk where it waits %s', async (_what, how) => {
    const [, payload] = await passedOn(how)
    expect(payload?.buffer.byteLength).toBe(5)
  })

  it('is not copied if the chunk is hardly larger', () => {
    const chunk = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(unpinned(chunk.subarray(0, 5)).buffer).toBe(chunk.buffer)
    const copy = unpinned(chunk.subarray(3, 7))
    expect(copy).toEqual(chunk.subarray(3, 7))
    expect(copy.buffer.byteLength).toBe(4)
  })
})
