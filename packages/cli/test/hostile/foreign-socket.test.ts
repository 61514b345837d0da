import type { NodeStatus } from '@commloop/control'
import { describe, expect, it } from 'vitest'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { ControlNode } from '@commloop/test-support/control-node'
import {
  closeForeignNodesAfterEach,
  type ForeignAnswer,
  ForeignNode,
} from '@commloop/test-support/foreign-node'
import { closeTerminalsAfterEach, hasTerminal, Terminal } from '@commloop/test-support/terminal'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { expectHarmless, FORGED, HOSTILE, inPairs, poisoned } from './hostile-text.js'

endCliProcessesAfterEach()
closeForeignNodesAfterEach()
closeTerminalsAfterEach()
removeTestFoldersAfterEach()

const CONFIG = {
  node: 'plant',
  listen: { host: '127.0.0.1', port: 0 },
  links: [
    { id: 'in', role: 'passive', ip: '127.0.0.1' },
    { id: 'out', role: 'active', ip: '127.0.0.1', port: 1 },
  ],
}

type Command = readonly string[]

const COMMANDS: readonly Command[] = [
  ['status'],
  ['status', '--json'],
  ['send', 'x'],
  ['send', 'x', '--json'],
  ['tail'],
  ['tail', '--hex'],
  ['tail', '--json'],
  ['dial', 'in'],
  ['close', 'in'],
  ['disable', 'in'],
  ['enable', 'in'],
  ['reload'],
  ['reload', '--json'],
  ['doctor'],
  ['doctor', '--json'],
  ['graph'],
]

/** What a real node answers, with the poison in each text. */
async function poisonedAnswers(poison: string): Promise<ForeignAnswer> {
  const node = await ControlNode.start(CONFIG)
  const status = (await node.get('/v1/status')) as NodeStatus
  await node.stop()
  const more = {
    missing: [{ entry: 'in', kind: 'absent', forMs: 5, reason: 'gone' }],
    findings: [
      { kind: 'stranger', remote: '10.0.0.1:5', count: 3, reason: 'not in the table' },
      { kind: 'exhausted', link: 'out', forMs: 5, reason: 'refused' },
    ],
    names: [{ name: 'mes', addresses: ['10.0.0.1'], ageMs: null, problem: 'SERVFAIL' }],
    notListening: { host: '10.0.0.1', port: 1, reason: 'EADDRNOTAVAIL', forMs: 5 },
  }
  // The kind of a finding selects a sentence.
  const kept = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(poisoned(value, poison)), (key, text: unknown) =>
      key === 'kind' || key === 'type' || key === 'base64' || key === 'direction'
        ? String(text).slice(0, -poison.length)
        : text,
    )
  const [link] = status.links
  const event = { type: 'message', direction: 'sent', link: 'in', epoch: 1, bytes: 3 }
  const payload = Buffer.from(poison).toString('base64')
  const events = [
    { type: 'ready' },
    { ...event, base64: payload },
    { ...event, base64: Buffer.from([0xff, 0x1b]).toString('base64') },
  ]
  const sse = events.map((one) => `data: ${JSON.stringify(kept(one))}\n\n`).join('')
  const copies = [
    { link: 'in', outcome: 'written' },
    { link: 'in', outcome: 'expired', reason: 'too late' },
  ]
  return ({ path }) => {
    if (path === '/v1/status') return kept({ ...status, ...more })
    if (path === '/v1/events') return sse
    if (path === '/v1/send') return { written: false, copies: kept(copies) }
    if (path === '/v1/reload') return kept({ file: '/x', added: ['a'], warnings: ['w'] })
    return kept({ ...link, reason: 'gone' })
  }
}

/** Commands that show every kind of answer. */
const SOME: readonly Command[] = [
  ['status'],
  ['status', '--json'],
  ['tail'],
  ['dial', 'in'],
  ['graph'],
]

/** Runs commands against a socket, and expects that each prints something harmless. @returns what is on stdout */
async function runAll(
  answer: ForeignAnswer,
  commands: readonly Command[],
): Promise<Map<string, string>> {
  const { socket } = await ForeignNode.start('foreign', answer)
  const cwd = testFolder({ '.commlooprc': CONFIG })
  const outputs = await inPairs(commands, async (command) => {
    const { stdout, stderr } = await runCli([...command, '--control', socket], { cwd })
    const name = command.join(' ')
    expect([name, stdout + stderr]).not.toEqual([name, ''])
    expectHarmless(name, stdout + stderr)
    expect([name, stderr]).toEqual([name, expect.not.stringContaining('\n    at ')])
    if (command.includes('--json') && stdout !== '') {
      const texts = command[0] === 'tail' ? stdout.trimEnd().split('\n') : [stdout]
      for (const text of texts) JSON.parse(text)
    }
    return [name, stdout] as const
  })
  return new Map(outputs)
}

describe('answers of a foreign control socket', () => {
  it('do not reach the terminal with control characters in any text', async () => {
    const outputs = await runAll(await poisonedAnswers(HOSTILE), COMMANDS)
    for (const command of ['status', 'tail', 'dial in', 'close in', 'reload', 'doctor']) {
      expect([command, outputs.get(command)]).toEqual([command, expect.stringContaining('\\u')])
    }
    const status = JSON.parse(outputs.get('status --json') ?? '') as { node: string }
    expect(status.node).toBe(`plant${HOSTILE}`)
  })

  it('do not forge a line', async () => {
    for (const [command, output] of await runAll(await poisonedAnswers(FORGED), COMMANDS)) {
      expect([command, output]).toEqual([command, expect.not.stringMatching(/^ *forged/m)])
    }
  })

  it('may refuse the request with any text', async () => {
    const message = `no${HOSTILE}`
    await runAll(() => ({ error: { code: 'CML_ERR_LINK_UNKNOWN', message } }), SOME)
  })

  it.each([
    ['no JSON', HOSTILE],
    ['a list', ['x']],
    ['nested too deeply', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['an event that is no JSON', `data: ${HOSTILE}\n\n`],
    ['names of members of every object', { node: 'x', links: [{ id: 'a', state: 'constructor' }] }],
  ])('may be %s', async (_, answer) => {
    await runAll(() => answer, SOME)
  })
})

describe.skipIf(!hasTerminal('tests of top on a terminal'))('top', () => {
  it('shows a foreign socket with its control characters escaped', async () => {
    const { socket } = await ForeignNode.start('foreign', await poisonedAnswers(HOSTILE))
    const cwd = testFolder({ '.commlooprc': CONFIG })
    const top = Terminal.start(['top', '--control', socket], { cwd, columns: 400 })
    const screen = await top.until((text) => text.includes('out\\u001b]0;owned\\u0007\\u009b31m'))
    expect(screen).toContain('\\u202e')
    top.press('q')
    expect(await top.ended()).toContain('ended with 0')
  })

  it('continues to show the last status if an answer cannot be shown', async () => {
    const answer = await poisonedAnswers('x')
    let broken = false
    const { socket } = await ForeignNode.start('foreign', (request) =>
      broken ? { links: [{ id: 'in', counters: {} }], node: 5 } : answer(request),
    )
    const cwd = testFolder({ '.commlooprc': CONFIG })
    const top = Terminal.start(['top', '--control', socket], { cwd, columns: 160 })
    await top.until((text) => text.includes('plantx'))
    broken = true
    const screen = await top.until((text) => text.includes('; retrying'))
    expect(screen).toContain('plantx')
    top.press('q')
    expect(await top.ended()).toContain('ended with 0')
  })
})
