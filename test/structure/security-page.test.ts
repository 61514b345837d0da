import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sectionOf } from './page.js'
import { textOf } from './source-tree.js'

const ROOT = new URL('../../', import.meta.url)
const PAGE = textOf('docs/security.md')
/** Every way by which something from outside reaches the node. */
const SURFACES = [
  'listening port, before identification',
  'listening port, after identification',
  'TLS handshake',
  'PROXY header',
  'messages that wait',
  'DNS answers',
  'control socket',
  'HTTP port',
  'stdin of `run --stdio`',
  'configuration files',
  'plugins',
  'terminal and log',
]

const rows = sectionOf(PAGE, '## Surfaces')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  .slice(1)
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))

describe('docs/security.md', () => {
  it('has a row for every surface, with who, what and which tests', () => {
    expect(rows.map(([surface]) => surface)).toEqual(SURFACES)
    for (const row of rows) expect(row, row[0]).toHaveLength(4)
  })

  it.each(rows.map(([surface = '', , , tests = '']) => [surface, tests]))(
    'names tests that exist: %s',
    (_surface, tests) => {
      const files = [...tests.matchAll(/`(?<file>[^`]+)`/g)].map(({ groups }) => groups?.['file'])
      expect(files).not.toEqual([])
      for (const file of files) expect(existsSync(new URL(file ?? '', ROOT)), file).toBe(true)
    },
  )
})
