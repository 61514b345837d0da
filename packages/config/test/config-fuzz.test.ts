import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigDocument } from '../src/read/config-document.js'
import { configText, TEMPLATE } from '../src/write/config-text.js'
import { readConfig } from '../src/load/load-config.js'
import {
  fillPlaceholders,
  shieldPlaceholders,
  unshieldPlaceholders,
} from '../src/read/environment-text.js'
import { folderWith } from '@commloop/test-support/temporary-folder'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const VALID = `${configText(TEMPLATE)}
node: \${NAME:-x}
heartbeat: { every: 1s, payload: { hex: "00" } }
outbox: { bytes: 1MiB, messages: 10 }
codec: &codec { use: len16, byteOrder: little }
reconnect: { use: exponential, min: 100ms }
audit: { every: 60s }
`

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\n',
  '  ',
  '- ',
  '&a ',
  '*a',
  '!x ',
  '"',
  '${',
  '\t',
  '#',
  '0',
  'x',
]

const edit = fc.record({
  at: fc.nat(VALID.length),
  remove: fc.nat(12),
  insert: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 6 })),
})

function edited(edits: readonly { at: number; remove: number; insert: string }[]): string {
  let text = VALID
  for (const { at, remove, insert } of edits) {
    text = text.slice(0, at) + insert + text.slice(at + remove)
  }
  return text
}

describe('any text', { timeout: 30_000 }, () => {
  it('results in a configuration, or in problems with positions in the text', async () => {
    const cwd = folderWith({})
    writeFileSync(join(cwd, '.commlooprc'), VALID)
    expect(await readConfig({ cwd, env: {} })).toMatchObject({ ok: true })
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 4 }), async (edits) => {
        const text = edited(edits)
        writeFileSync(join(cwd, '.commlooprc'), text)
        const reading = await readConfig({ cwd, env: {} })
        if (reading.ok) return
        refused++
        expect(reading.problems).not.toHaveLength(0)
        const lines = text.split('\n')
        for (const { line, column, source } of reading.problems) {
          expect(source).toBe(lines[line - 1]?.replace(/\r$/, ''))
          expect(column).toBeLessThanOrEqual(source.length + 2)
        }
      }),
      { numRuns: 150 },
    )
    expect(refused).toBeGreaterThan(0)
  })

  it('is parsed without an exception, even if it is not text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const source = { file: '/x', name: 'x', folder: '/', text, warnings: [] }
        const document = new ConfigDocument({ ...source, underPackageKey: false }, {})
        expect(document.data !== undefined || document.problems.length > 0).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('keeps its length and its letters while placeholders are shielded', () => {
    const letters = fc.constantFrom('$', '{', '}', ':', '-', 'A', ' ', '\n', '炉')
    const text = fc.string({ unit: letters })
    fc.assert(
      fc.property(text, (original) => {
        const shielded = shieldPlaceholders(original)
        expect(shielded).toHaveLength(original.length)
        expect(unshieldPlaceholders(shielded)).toBe(original)
        fillPlaceholders(original, { A: 'x' })
      }),
    )
  })
})
