import type { PluginDefinition } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { codeBlocks, namedBlocks } from './page.js'
import { importFrom, onLoopback, pageFolder, runProgram } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const PAGE = textOf('docs/writing-a-reconnect-strategy.md')
const BLOCKS = namedBlocks(PAGE)
const FILES = Object.fromEntries([...BLOCKS].map(([name, [code = '']]) => [name, code]))

describe('docs/writing-a-reconnect-strategy.md', () => {
  it('has no code but what is run here', () => {
    expect(codeBlocks(PAGE)).toHaveLength(4)
    expect(Object.keys(FILES).sort()).toEqual([
      '.commlooprc',
      'steady-check.mjs',
      'steady-plugin.mjs',
      'steady.mjs',
    ])
  })

  it('has a definition that warns of many dials', async () => {
    const { default: plugin } = await importFrom<{ default: PluginDefinition<'reconnect'> }>(
      pageFolder(FILES),
      'steady-plugin.mjs',
    )
    expect(plugin.create({ everyMs: 1000 }).delayMs(1, { next: () => 0 })).toBe(900)
    const links = Array.from({ length: 20 }, () => ({ role: 'active' }) as const)
    const use = { path: ['reconnect'], node: { links } }
    expect(plugin.check?.({}, use).warnings).toEqual([])
    expect(plugin.check?.({ everyMs: 100 }, use).warnings).toMatchObject([
      { path: ['reconnect', 'everyMs'] },
    ])
  })

  it('tests the strategy, and the test can fail', () => {
    expect(runProgram(pageFolder(FILES), 'steady-check.mjs')).toBe('')
    const broken = FILES['steady.mjs']?.replace('0.2 *', '0.3 *') ?? ''
    const folder = pageFolder({ ...FILES, 'steady.mjs': broken })
    expect(() => runProgram(folder, 'steady-check.mjs')).toThrow('steady-check.mjs')
  })

  it('has a strategy that a node uses, and another one for an entry', async () => {
    const table = onLoopback(FILES['.commlooprc'] ?? '')
      .replace('8001', String(await freePort()))
      .replace('8002', String(await freePort()))
      .replace('2000', '100')
    const node = await RunningNode.startIn(pageFolder({ ...FILES, '.commlooprc': table }))
    const waits = await node.until('three waits', () => {
      const events = node.linkEvents('press').filter(({ state }) => state === 'backoff')
      return events.length >= 3 && events
    })
    for (const { delayMs } of waits) {
      expect(delayMs).toBeGreaterThanOrEqual(90)
      expect(delayMs).toBeLessThanOrEqual(110)
    }
    expect(waits.slice(0, 3).map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect((await node.link('mes', 'backoff')).delayMs).toBeGreaterThanOrEqual(100)
  })
})
