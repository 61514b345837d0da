import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { COMMLOOP_BIN } from '@commloop/test-support/cli-process'
import { sectionOf, tableRows } from './page.js'
import { filesUnder, textOf } from './source-tree.js'

const PAGES = filesUnder().filter((path) => path.endsWith('.md'))
const SCRIPTS = Object.keys(
  (JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts,
)

function help(...command: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [COMMLOOP_BIN, ...command, '--help'],
    { encoding: 'utf8' },
  )
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  return stdout
}

/** The first words of the lines under a heading of the help text, `Commands:` or `Options:`. */
function listed(text: string, head: string): string[] {
  const lines = text.split('\n')
  const from = lines.indexOf(head)
  const rest = lines.slice(from + 1)
  const to = rest.indexOf('')
  const part = from === -1 ? [] : rest.slice(0, to === -1 ? rest.length : to)
  return part.flatMap((line) => {
    const [, words = ''] = /^ {2}(\S.*?)(?: {2,}|$)/.exec(line) ?? []
    return head === 'Options:' ? (words.match(/--[a-z-]+/g) ?? []) : words.split(/[ |]/).slice(0, 1)
  })
}

interface Command {
  readonly page: string
  readonly text: string
}

/** All commands that pages name, in a block or inline. */
function found(pattern: RegExp): Command[] {
  return PAGES.flatMap((page) =>
    [...textOf(page).matchAll(pattern)].map(([text]) => ({ page, text })),
  )
}

describe('commands that the pages name', () => {
  it('are scripts of package.json if npm runs them', () => {
    const commands = found(/\bnpm (?:run [a-z:]+|test)\b/g)
    expect(commands.length).toBeGreaterThan(10)
    const unknown = commands.filter(
      ({ text }) => !SCRIPTS.includes(text.replace(/^npm (run )?/, '')),
    )
    expect(unknown).toEqual([])
  })

  it('are commands and options of commloop', () => {
    const general = help()
    const commands = listed(general, 'Commands:')
    expect(commands).toContain('run')
    const options = new Map(
      commands
        .filter((command) => command !== 'help')
        .map((command) => [
          command,
          [...listed(general, 'Options:'), ...listed(help(command), 'Options:')],
        ]),
    )
    const named = found(/(?<=npx |npx --no -- |`|\| )commloop(?![-\w])(?: [^`|\n]*)?/g)
    expect(named.length).toBeGreaterThan(15)
    const wrong = named.filter(({ text }) => {
      const [, word] = text.split(/\s+/)
      const command = word === undefined || word.startsWith('-') ? 'run' : word
      const known = options.get(command)
      const used: readonly string[] = text.match(/--[a-z-]+/g) ?? []
      return known === undefined || used.some((option) => !known.includes(option))
    })
    expect(wrong).toEqual([])
  })

  it('of CONTRIBUTING.md are all scripts of package.json', () => {
    const rows = tableRows(sectionOf(textOf('CONTRIBUTING.md'), '## Commands'), ['command'])
    const scripts = rows.flatMap(
      ([command = '']) => /^npm (?:run )?([a-z:]+)$/.exec(command)?.[1] ?? [],
    )
    expect(scripts.sort()).toEqual(SCRIPTS.filter((script) => script !== 'prepare').sort())
  })
})
