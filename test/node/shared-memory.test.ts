import { describe, expect, it } from 'vitest'
import { BenchNode, PEER } from './bench-node.js'
import type { ScriptedConnection } from './scripted-transport.js'

async function writesOfTwoLinks(takesAtOnce: boolean): Promise<ScriptedConnection[]> {
  const links = ['a', 'b'].map((id) => ({ ...PEER, id }))
  const bench = BenchNode.started({ links })
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

describe('the memory that frames are encoded into', () => {
  it('serves the next link at once where the transport has taken the write', async () => {
    const [a, b] = await writesOfTwoLinks(true)
    expect(a?.memories).toHaveLength(1)
    expect(b?.memories[0]).toBe(a?.memories[0])
  })

  it('is not touched before the write is confirmed where the transport has not', async () => {
    const [a, b] = await writesOfTwoLinks(false)
    expect(a?.memories).toHaveLength(1)
    expect(b?.memories[0]).not.toBe(a?.memories[0])
  })
})
