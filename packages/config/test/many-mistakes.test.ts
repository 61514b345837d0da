import { describe, expect, it } from 'vitest'
import { resolveOptions } from '@commloop/core'
import { problemsText, readConfig } from '../src/index.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

/*
 * Sizes at which a search inside a search takes minutes. There is no assertion about time: what takes quadratic time here
 * does not end within the time limit of a test.
 */

async function problemsOf(text: string): Promise<string[]> {
  const reading = await readConfig({ cwd: folderWith({ '.commlooprc': text }), env: {} })
  if (reading.ok) return []
  const shown = await problemsText(reading.problems)
  expect(shown.split('\n').length, 'the text is capped').toBeLessThan(310)
  expect(shown).toMatch(/\nand \d+ more$/)
  return reading.problems.map(({ path }) => path)
}

describe('a file with very many mistakes', () => {
  it('lists entries without a role', async () => {
    const count = 40_000
    const found = await problemsOf(`links:\n${'- {}\n'.repeat(count)}`)
    expect(found).toHaveLength(count)
    expect(found.at(-1)).toBe(`links[${String(count - 1)}].role`)
  })

  it.each([
    ['on lines of their own', '\n', '', ''],
    ['on one line', ', ', '{ ', ' }'],
  ])('lists unknown keys %s', async (_where, separator, open, close) => {
    const keys = Array.from({ length: 60_000 }, (_, at) => `k${String(at)}: 1`)
    const found = await problemsOf(open + [...keys, 'links: []'].join(separator) + close)
    expect(found).toHaveLength(60_000)
  })

  it('lists keys written twice', async () => {
    const found = await problemsOf(`links: []\n${'relay: true\n'.repeat(50_000)}`)
    expect(found).toHaveLength(49_999)
  })

  it('lists variables that are not set', async () => {
    const found = await problemsOf(`socket: 1\nlinks:\n${'- { id: ${N} }\n'.repeat(40_000)}`)
    expect(found.filter((path) => path.endsWith('.id'))).toHaveLength(40_000)
  })

  it('lists wrong secrets', async () => {
    const entry = (_: unknown, at: number): string =>
      `- { role: active, ip: 10.0.0.1, port: ${String(1 + at)}, tls: { key: ./none${String(at)} } }\n`
    const found = await problemsOf(`links:\n${Array.from({ length: 10_000 }, entry).join('')}`)
    expect(found.filter((path) => path.endsWith('.tls.key'))).toHaveLength(10_000)
  })
})

describe('placeholders', () => {
  it('are found in one pass over a text in which none is closed', async () => {
    const text = `node: "${'${A'.repeat(340_000)}"\nlinks: []\n`
    const reading = await readConfig({ cwd: folderWith({ '.commlooprc': text }), env: {} })
    expect(reading.ok && reading.config.node.name).toHaveLength(3 * 340_000)
  })
})

describe('a large table without mistakes', () => {
  it('is checked for shadowed ranges, repeated names and shared places', () => {
    const links = Array.from({ length: 40_000 }, (_, at) => ({
      role: 'passive' as const,
      ip: `${String(10 + (at >> 16))}.${String((at >> 8) & 255)}.${String(at & 255)}.0/24`,
    }))
    const same = Array.from({ length: 40_000 }, () => ({ role: 'passive' as const, ip: '0.0.0.0' }))
    const { config, problems } = resolveOptions({ listen: { port: 1 }, links: [...links, ...same] })
    expect(problems).toEqual([])
    expect(config.entries.at(-1)?.id).toBe('passive-0.0.0.0-40000')
  })
})
