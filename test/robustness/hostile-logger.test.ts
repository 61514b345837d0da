import { Logger, use } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from '../node/test-node.js'

const THROWN = new Error('the disk is gone')

function loggerThat(write: () => unknown): Logger {
  return { debug: write, info: write, warn: write, error: write }
}

describe('a logger that', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw THROWN
      },
    ],
    ['rejects its promise', () => Promise.reject(THROWN)],
    [
      'returns a thenable that throws',
      () => ({
        then() {
          throw THROWN
        },
      }),
    ],
  ])(
    '%s costs its lines, and neither the start nor the links nor the stop',
    async (_name, write) => {
      const logger = loggerThat(write)
      const bench = TestNode.started({ listen: { port: 1 }, links: [PEER] }, use(Logger, logger))
      bench.transport.dials[0]?.open()
      expect(bench.node.link('peer').state).toBe('up')
      await Promise.resolve()
      bench.soon()
      expect(bench.node.counters.lostLogLines).toBeGreaterThan(0)
      expect(bench.warnings).toEqual(['LOGGER_THREW'])
      await bench.stopped()
    },
  )
})
