import type { NodeEvents } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { TestNode } from '../node/test-node.js'

const BARE = Object.create(null) as object
const LISTEN = { port: 1 }
const NAMES = ['message', 'link', 'outcome', 'drain', 'rejected', 'audit', 'warning'] as const

function started(): TestNode {
  return TestNode.started({
    listen: LISTEN,
    links: [{ id: 'in', role: 'passive', ip: '10.0.0.2' }],
  })
}

/** Causes an event of every kind. */
function busyMinute(bench: TestNode): void {
  const connection = bench.transport.accept('10.0.0.2')
  for (let at = 0; at < 3; at++) bench.transport.accept('10.0.0.9')
  connection?.receive('a', 'b')
  bench.send('x'.repeat(65_000), { id: 'x' })
  bench.soon()
  connection?.written()
  bench.clock.advance(120_000)
  connection?.receive('c')
}

describe('a listener', () => {
  it.each(NAMES)(
    'of "%s" that throws has no effect on the node',
    async (name: keyof NodeEvents) => {
      const bench = started()
      bench.node.on(name, () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what users may do
        throw BARE
      })
      busyMinute(bench)
      expect(bench.messages).toEqual(['in#1 a', 'in#1 b', 'in#1 c'])
      expect(bench.node.link('in').state).toBe('up')
      await bench.stopped()
    },
  )

  it.each(NAMES)(
    'of "%s" that is async and rejects is reported',
    async (name: keyof NodeEvents) => {
      const bench = started()
      const stray: unknown[] = []
      const hear = (reason: unknown): void => {
        stray.push(reason)
      }
      process.on('unhandledRejection', hear)
      try {
        // eslint-disable-next-line @typescript-eslint/no-misused-promises -- what users may do
        bench.node.on(name, () => Promise.reject(new Error('later')))
        busyMinute(bench)
        await bench.clock.settle()
        await new Promise((resolve) => setImmediate(resolve))
        bench.soon()
        expect(stray).toEqual([])
        if (name === 'link' || name === 'message')
          expect(bench.warnings).toContain('LISTENER_THREW')
      } finally {
        process.off('unhandledRejection', hear)
      }
      await bench.stopped()
    },
  )
})
