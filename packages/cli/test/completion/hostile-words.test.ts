import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { closeForeignNodesAfterEach, ForeignNode } from '@commloop/test-support/foreign-node'
import { closeShellsAfterEach, hasShell, Shell, type ShellName } from '@commloop/test-support/shell'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
closeForeignNodesAfterEach()
closeShellsAfterEach()
removeTestFoldersAfterEach()

/** What a user types to begin the id, and the id. */
const IDS = [
  ['d', 'd$(touch pwned)'],
  ['t', 't`touch pwned`'],
  ['sp', 'sp ace'],
  ['q', "q'; touch pwned; '"],
  ['Q', 'Q"; touch pwned; "'],
  ['st', 'st*'],
  ['bs', 'bs\\'],
  ['co:', 'co:lon x'],
  ['eq=', 'eq=ual;touch pwned'],
  ['i', 'i${IFS}<(touch pwned)'],
  ['h', 'h!! #~{a,b}'],
  ['\\$', '$(touch pwned)'],
  ['\\~', '~root'],
  ['furn', 'furnace-in'],
] as const

/** Ids that completion does not offer: two lines, or characters that a terminal acts on; and one that is an option. */
const NEVER_OFFERED = ['\x1b]0;owned\x07', 'new\nline', 'x\u202ey', 'x\u009b31m', '-rf']

/** Completion waits half a second for ids, which a busy machine may exceed: then it offers none. */
const PATIENT = { retry: 3 }

/** Ends a list of words, and removes the line. Not Ctrl-C, which discards what is typed after it. */
const CLEAR = '\x1b\x15\x15'

async function foreignTable(): Promise<string> {
  const ids = [...IDS.map(([, id]) => id), ...NEVER_OFFERED]
  const { socket } = await ForeignNode.start('words', () => ({ links: ids.map((id) => ({ id })) }))
  return testFolder({ '.commlooprc': { control: socket, links: [] }, home: { links: [] } })
}

/** What the completion of these words prints, as words. */
async function offered(
  cwd: string,
  args: readonly string[],
  ...words: string[]
): Promise<string[]> {
  const { code, stdout, stderr } = await runCli([...args, '--', ...words], { cwd })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .split('\n')
    .flatMap((line) => (line.includes('\t') ? (line.split('\t')[0] ?? '') : []))
}

/** The file that a shell would make if it evaluated a word. */
function made(cwd: string): string[] {
  return readdirSync(cwd).filter((name) => name === 'pwned' || name === 'file')
}

describe('the words that completion prints', PATIENT, () => {
  it('are all ids that are one line without invisible characters', async () => {
    const cwd = await foreignTable()
    const words = await offered(cwd, ['completion-words'], 'close', '')
    expect(words).toEqual(IDS.map(([, id]) => id))
    expect(await offered(cwd, ['completion-words'], 'close', '--', '-')).toEqual(['-rf'])
    expect(await offered(cwd, ['completion-words'], 'send', '--to', '')).toContain('-rf')
  })

  it('begin as the typed word does, without its quotes', async () => {
    const cwd = await foreignTable()
    const words = (...typed: string[]) => offered(cwd, ['completion-words'], ...typed)
    expect(await words('close', 'sp\\ ')).toEqual(['sp ace'])
    expect(await words('close', '"sp a')).toEqual(['sp ace'])
    expect(await words('send', '--to=sp')).toEqual(['--to=sp ace'])
  })

  it('come from the node that the line names, with only the home folder expanded', async () => {
    const cwd = await foreignTable()
    const env = { HOME: cwd }
    const words = async (...line: string[]) =>
      (await runCli(['completion-words', '--', ...line], { cwd: testFolder(), env })).stdout
    for (const file of ['~/.commlooprc', '$HOME/.commlooprc', '"${HOME}/.commlooprc"']) {
      expect(await words('--config', file, 'close', 'furn')).toBe('furnace-in\t\n')
      expect(await words('close', `--config=${file}`, 'furn')).toBe('furnace-in\t\n')
    }
    expect(await words('--config', '$(echo ~/.commlooprc)', 'close', 'furn')).toBe('')
    expect(await words('--config', '$PWD/.commlooprc', 'close', 'furn')).toBe('')
  })

  it('are plain for the scripts of former versions, which evaluate them', async () => {
    const cwd = await foreignTable()
    expect(await offered(cwd, ['complete'], 'close', '')).toEqual(['furnace-in'])
    expect(await offered(cwd, ['complete'], 'send', '--to=furn')).toEqual(['furnace-in'])
  })
})

describe.each(['bash', 'zsh', 'fish'] as const)('Tab in %s', PATIENT, (name: ShellName) => {
  const skipped = !hasShell(name)

  it.skipIf(skipped)('completes any id to one word with the same text', async () => {
    const cwd = await foreignTable()
    const shell = await Shell.start(name, cwd)
    const got: string[] = []
    for (const [begin] of IDS) {
      const shown = await shell.run(`commloop close ${begin}\t`)
      got.push(...[...shown.matchAll(/GOT<(.*)>/g)].map(([, word = '']) => word))
    }
    expect(got).toEqual(IDS.flatMap(([, id]) => ['close', id]))
    expect(made(cwd)).toEqual([])
  })

  it.skipIf(skipped)('lists the ids without what a terminal acts on', async () => {
    const cwd = await foreignTable()
    const shell = await Shell.start(name, cwd)
    const shown = await shell.type(`commloop close \t\t${CLEAR}`)
    expect(shown).toContain('furnace-in')
    for (const id of NEVER_OFFERED.slice(0, -1)) expect(shown).not.toContain(id)
    expect(made(cwd)).toEqual([])
  })

  it.skipIf(skipped)('runs nothing that is typed before the word', async () => {
    const cwd = await foreignTable()
    const shell = await Shell.start(name, cwd)
    for (const line of [
      'commloop send $(touch pwned) --to furn',
      'commloop send `touch pwned` --to furn',
      'commloop --config $(touch pwned) close furn',
      'commloop send x > file --to furn',
      'commloop send "$(touch pwned)" furn',
      'commloop send <(touch pwned) furn',
    ]) {
      await shell.type(`${line}\t\t${CLEAR}`)
      expect([line, made(cwd)]).toEqual([line, []])
    }
    const shown = await shell.run('commloop send x --to furn\t')
    expect(shown).toContain('GOT<furnace-in>')
  })
})
