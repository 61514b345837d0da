import { describe, expect, it } from 'vitest'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { codeBlocks, namedBlocks, tableRows } from './page.js'
import { onLoopback, pageFolder, runTests } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const PAGE = textOf('docs/testing-your-plugin.md')
const RECORDING = 'conversation.ndjson'

function filesOf(page: string): Readonly<Record<string, string>> {
  const modules = [...namedBlocks(page)].filter(([name]) => name.endsWith('.mjs'))
  return Object.fromEntries(modules.map(([name, [code = '']]) => [name, code]))
}

const OWN = filesOf(PAGE)
/** The page tests the implementations of other pages. */
const FILES: Readonly<Record<string, string>> = {
  ...filesOf(textOf('docs/writing-a-codec.md')),
  ...filesOf(textOf('docs/writing-a-reconnect-strategy.md')),
  ...filesOf(textOf('docs/writing-a-router.md')),
  ...filesOf(textOf('docs/writing-a-transport.md')),
  ...OWN,
  [RECORDING]: codeBlocks(PAGE).find(({ language }) => language === 'json')?.code ?? '',
}
const TESTS = Object.keys(OWN).filter((name) => name.endsWith('.test.mjs'))

/** The results of the tests of the page in a folder with these files. */
function outcome(files: Readonly<Record<string, string>>, tests: readonly string[] = TESTS) {
  return runTests(pageFolder({ ...FILES, ...files }), tests)
}

/** The files of the page, with one change that breaks them. */
function broken(file: string, from: string, to: string): Readonly<Record<string, string>> {
  const code = FILES[file] ?? ''
  expect(code).toContain(from)
  return { [file]: code.replace(from, to) }
}

describe('docs/testing-your-plugin.md', { timeout: 120_000 }, () => {
  it('has no code that is not run here', () => {
    expect(TESTS.sort()).toEqual([
      'codec.test.mjs',
      'compliance.test.mjs',
      'router.test.mjs',
      'seed.test.mjs',
      'strategy.test.mjs',
    ])
    const others = codeBlocks(PAGE).filter(({ language }) => language !== 'js')
    expect(others.map(({ language }) => language)).toEqual(['sh', 'json'])
    expect(codeBlocks(PAGE)).toHaveLength(Object.keys(OWN).length + others.length)
  })

  it('has tests that pass', () => {
    const { failed, passed } = outcome({})
    expect(failed).toEqual([])
    expect(passed).toBeGreaterThan(90)
  })

  it.each([
    ['codec.test.mjs', 'len32.mjs', 'this.#bytes.set(chunk, this.#end)', ''],
    ['strategy.test.mjs', 'steady.mjs', '0.2 * random', '0.4 * random'],
    ['seed.test.mjs', 'len32.mjs', 'this.#bytes.set(chunk, this.#end)', ''],
    ['router.test.mjs', 'router.mjs', "link.state === 'up'", 'link.epoch > 0'],
    ['compliance.test.mjs', 'len32.mjs', '<= this.#payloadBytesMax', '< this.#payloadBytesMax'],
  ])('has a %s that fails if %s is broken', (test, file, from, to) => {
    expect(outcome(broken(file, from, to), [test]).failed).not.toEqual([])
  })

  it('replays the real output of a node', async () => {
    const furnaces = await RawListener.open({ host: '127.168.0.2' })
    const [table = ''] = namedBlocks(textOf('docs/writing-a-router.md')).get('.commlooprc') ?? []
    const config = onLoopback(table)
      .replace('port: 8000', 'port: 0')
      .replace('8001', String(furnaces.port))
    const node = await RunningNode.startIn(pageFolder({ ...FILES, '.commlooprc': config }))
    const furnace = await furnaces.peer(1)
    await node.link('furnace', 'up')
    const cells: RawPeer[] = []
    for (const number of [1, 2]) {
      cells.push(await RawPeer.dial({ from: `127.168.4.${String(number)}`, port: node.port }))
      await node.link(`cell/${String(number)}`, 'up')
    }
    await furnace.send('C start')
    await node.received('furnace', 1)
    await cells[1]?.send('F hot')
    await node.received('cell/2', 1)
    for (const [at, cell] of cells.entries()) {
      cell.reset()
      await node.link(`cell/${String(at + 1)}`, 'awaiting', 1)
      await furnace.send('C stop')
      await node.received('furnace', at + 2)
    }
    const recording = node.events.map((event) => JSON.stringify(event)).join('\n')
    expect(outcome({ [RECORDING]: recording }, ['router.test.mjs']).failed).toEqual([])
  })

  it('lists every suite and its parameters', () => {
    const suites = [
      ...textOf('packages/testing/src/compliance/index.ts').matchAll(/\w+Compliance\b/g),
    ]
    const listed = tableRows(PAGE, ['suite']).map(([suite = '']) => suite)
    expect(new Set(listed.filter((name) => name !== ''))).toEqual(
      new Set(suites.map(([name]) => name)),
    )
  })
})
