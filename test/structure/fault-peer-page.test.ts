import { FAULT_SCRIPTS, faultScript } from '@commloop/testing/fault-peer'
import { describe, expect, it } from 'vitest'
import { CliProcess, DEADLINE_MS } from '@commloop/test-support/cli-process'
import { freePort } from '@commloop/test-support/free-port'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { codeBlocks, namedBlocks, sectionOf, tableRows } from './page.js'
import { pageFolder, runProgram } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const PAGE = textOf('docs/fault-peer.md')
const README = textOf('packages/fault-peer/README.md')

/** A node with the table of the page, on a free port. */
async function tableWith(port: number): Promise<RunningNode> {
  return RunningNode.start(
    `node: north\npartialFrame: 1s\nlisten: { host: 127.0.0.1, port: ${String(port)} }\n` +
      'links: [{ id: south, role: passive, ip: 127.0.0.2 }]\n',
  )
}

/** The session without what differs in every run: times and ports. */
function settled(text: string): string {
  return text
    .replaceAll(/^ +\d+ ms/gm, '<ms>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '<node>')
    .trim()
}

describe('docs/fault-peer.md', () => {
  it('has a row for every script, with its roles and its sentences', () => {
    const rows = tableRows(PAGE, ['script', 'roles', 'the peer', 'a good node'])
    const scripts = FAULT_SCRIPTS.map(({ name, roles, peer, node }) =>
      [name, roles.join(', '), peer, node].map((cell) => cell.replaceAll('`', '')),
    )
    expect(rows).toEqual(scripts)
  })

  it('names only existing scripts in its text', () => {
    const notes = sectionOf(PAGE, '## The scripts').split('What the terms mean')[1] ?? ''
    const named = [...notes.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, name = '']) => name)
    expect(named.length).toBeGreaterThan(2)
    expect(named.filter((name) => faultScript(name) === undefined)).toEqual([])
  })

  it('shows the output of a real session', async () => {
    const [session = ''] = codeBlocks(PAGE)
      .filter(({ language }) => language === 'text')
      .map(({ code }) => code)
    const [command = '', ...lines] = session.split('\n')
    const node = await tableWith(await freePort())
    const args = command.replace('$ npx commloop ', '').split(' ')
    const run = CliProcess.start(args, { cwd: node.folder })
    expect((await run.exit(DEADLINE_MS)).code).toBe(0)
    expect(settled(run.stdoutText)).toBe(settled(lines.join('\n')))
  })

  it('has a program that works as described', async () => {
    const [program = ''] = namedBlocks(PAGE).get('fault.mjs') ?? []
    const node = await tableWith(await freePort())
    const folder = pageFolder({ 'fault.mjs': program.replace('8000', String(node.port)) })
    expect(runProgram(folder, 'fault.mjs')).toBe('true FIN\n')
    await node.link('south', 'awaiting', 1)
    expect(node.texts()).toEqual(['whole'])
  })
})

describe('packages/fault-peer/README.md', () => {
  it('has a program that prints what the page shows', async () => {
    const [program = ''] = namedBlocks(README).get('play.mjs') ?? []
    const [shown = ''] = codeBlocks(README)
      .filter(({ language }) => language === 'text')
      .map(({ code }) => code)
    const port = String(await freePort())
    const folder = pageFolder({ 'play.mjs': program.replaceAll('8000', port) })
    const withoutTimes = (text: string): string => text.replaceAll(/^\d+ ms/gm, '<ms>').trim()
    expect(withoutTimes(runProgram(folder, 'play.mjs'))).toBe(withoutTimes(shown))
  })
})
