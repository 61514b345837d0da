import { describe, expect, it } from 'vitest'
import { loadConfig, type LoadedConfig, readConfig, readTable, tableOf } from '../src/index.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

const MINE =
  'export default { kind: "opening", name: "mine", apiVersion: 1, create: () => ({ begin: () => ({ received: () => true }) }) }\n'
const A = 'id: a, role: active, ip: 10.0.0.1, port: 1'
const B = 'id: b, role: active, ip: 10.0.0.2, port: 1'
const STEPS = 'use: exchange, steps: [{ send: HELLO }, { expect: OK }]'

function folderOf(text: string): string {
  return folderWith({ '.commlooprc': text, 'mine.mjs': MINE, 'bad.mjs': 'export default 5\n' })
}

function load(text: string): Promise<LoadedConfig> {
  return loadConfig({ cwd: folderOf(text), env: {} })
}

/** `line:column path: message` of every mistake. */
async function mistakesIn(text: string): Promise<string[]> {
  const reading = await readConfig({ cwd: folderOf(text), env: {} })
  if (reading.ok) return []
  return reading.problems.map(
    ({ line, column, path, message }) => `${String(line)}:${String(column)} ${path}: ${message}`,
  )
}

describe('opening', () => {
  it('is none by default, and then costs no plugin', async () => {
    const { node, plugins } = await load(`links: [{ ${A} }]`)
    expect(plugins.opening).toBeUndefined()
    expect(node.entries[0]?.settings).toMatchObject({ opening: undefined, ready: 'connected' })
  })

  it('is that of the top, that of an entry, or none in an entry', async () => {
    const text = `opening: { ${STEPS} }\nlinks: [{ ${A} }, { ${B}, opening: ./mine.mjs }, { id: c, role: active, ip: 10.0.0.3, port: 1, opening: none }]`
    const config = await load(text)
    const { entries } = config.node
    expect(entries.map(({ settings }) => settings.ready)).toEqual([
      'opening',
      'opening',
      'connected',
    ])
    const table = tableOf(config)
    expect(entries.map(({ index }) => table.openingOf(index)?.spec.use)).toEqual([
      'exchange',
      './mine.mjs',
      undefined,
    ])
    const reading = await readTable({ cwd: folderOf(text), env: {} })
    const uses = reading.ok && entries.map(({ index }) => reading.table.openingOf(index)?.spec.use)
    expect(uses).toEqual(['exchange', './mine.mjs', undefined])
  })

  it('of the same plugin and options is one choice, and other options are another', async () => {
    const text = `links: [{ ${A}, opening: { ${STEPS} } }, { ${B}, opening: { steps: [{ send: X }], use: exchange } }]`
    const [one, two] = (await load(text)).node.entries.map(({ settings }) => settings.opening)
    expect(one?.spec).not.toBe(two?.spec)
  })

  it('has its mistakes at their places, also within lists', async () => {
    expect(
      await mistakesIn(
        `links: [{ ${A}, opening: { use: exchange, steps: [{ send: { hex: 0g } }] } }]`,
      ),
    ).toEqual([
      expect.stringMatching(/^1:\d+ links\[0\]\.opening\.steps\[0\]\.send: expected a text, /),
    ])
    const more = `opening: { ${STEPS}, answer: [] }\nlinks: [{ ${A} }]`
    expect(await mistakesIn(more)).toEqual([
      '1:69 opening.answer: unknown option. Did you mean "answers"?',
    ])
    expect(await mistakesIn(`opening: ./bad.mjs\nready: opening\nlinks: [{ ${A} }]`)).toEqual([
      expect.stringMatching(/^1:10 opening: /),
    ])
  })

  it('is what `ready: opening` needs', async () => {
    expect(await mistakesIn(`links: [{ ${A}, ready: opening }]`)).toEqual([
      expect.stringMatching(/^1:\d+ links\[0\]\.ready: there is no "opening" that could say/),
    ])
    expect(await mistakesIn(`links: [{ ${A}, ready: opening, opening: ./mine.mjs }]`)).toEqual([])
  })

  it('overrules another `ready`, with a warning at the place of the key', async () => {
    const own = await load(`links: [{ ${A}, ready: stable, opening: ./mine.mjs }, { ${B} }]`)
    expect(own.warnings).toEqual([expect.stringMatching(/^links\[0\]\.ready: has no effect/)])
    const all = await load(`opening: ./mine.mjs\nready: frame\nlinks: [{ ${A} }]`)
    expect(all.warnings).toEqual([expect.stringMatching(/^ready: has no effect/)])
    const some = await load(
      `opening: ./mine.mjs\nready: stable\nlinks: [{ ${A} }, { ${B}, opening: none }]`,
    )
    expect(some.warnings).toEqual([])
    expect(some.node.entries.map(({ settings }) => settings.ready)).toEqual(['opening', 'stable'])
  })
})
