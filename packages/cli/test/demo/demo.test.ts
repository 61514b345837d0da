import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import {
  CliProcess,
  COMMLOOP_BIN,
  DEADLINE_MS,
  endCliProcessesAfterEach,
  requireBuild,
} from '../cli-process.js'

endCliProcessesAfterEach()

/** Rows of the ledger: name, accepted, and what it is made of. */
function ledgerOf(lines: readonly string[]): { name: string; accepted: number; parts: number[] }[] {
  return lines.flatMap((line) => {
    const match = /^([ABC]) +(\d+) +(=|≠) +([\d ]+)$/.exec(line)
    if (match === null) return []
    const [, name = '', accepted, , rest = ''] = match
    return [{ name, accepted: Number(accepted), parts: rest.trim().split(/ +/).map(Number) }]
  })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((left, right) => left + right, 0)
}

describe('demo', () => {
  it('shows one of three nodes killed and coming back, and closes with a ledger that holds', async () => {
    const demo = CliProcess.start(['demo', '--seconds', '5'], { stdin: 'ignore' })
    await demo.stdoutLine((line) => line.includes('A: B-out is up with 127.0.0.2:'))
    await demo.stdoutLine((line) => line.includes('A: B-in is up with 127.0.0.2:'))
    await demo.stdoutLine((line) => line.includes('B is killed'))
    await demo.stdoutLine((line) => /A: B-out is backoff: .*ECONNREFUSED/.test(line))
    const back = await demo.stdoutLine((line) => line.includes('B comes back'))
    const waited = Number(/(\d+) messages wait/.exec(back)?.[1])
    expect(waited).toBeGreaterThan(0)
    expect(await demo.exit()).toEqual({ code: 0, signal: null })
    expect(demo.stderrText).toBe('')
    expect(demo.stdoutText).not.toContain('\x1b')

    const ledger = ledgerOf(demo.stdoutLines)
    expect(ledger.map(({ name }) => name)).toEqual(['A', 'B', 'C'])
    for (const { name, accepted, parts } of ledger) {
      expect(accepted).toBeGreaterThan(50)
      expect(sum(parts)).toBe(accepted)
      // Written, and nothing else.
      if (name !== 'B') expect(parts[0]).toBe(accepted)
    }
    for (const flow of ['A → C', 'C → A']) {
      const line = await demo.stdoutLine((text) => text.startsWith(flow))
      const [, sent, arrived] = /(\d+) sent, (\d+) arrived/.exec(line) ?? []
      expect(arrived).toBe(sent)
    }
    expect(demo.stdoutText).toContain(`${String(waited)} messages for B waited`)
    expect(demo.stdoutLines.at(-1)).toBe('The ledger holds; nothing was lost between them.')
    // Up, cut, and up again.
    const ups = demo.stdoutLines.filter((line) => line.includes('A: B-out is up'))
    expect(ups.length).toBeGreaterThanOrEqual(2)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'can be ended early by %s, with its ledger',
    async (signal) => {
      const demo = CliProcess.start(['demo', '--seconds', '60'], { stdin: 'ignore' })
      await demo.stdoutLine((line) => /[1-9]\d* received/.test(line))
      demo.kill(signal)
      expect(await demo.exit()).toEqual({ code: 0, signal: null })
      expect(ledgerOf(demo.stdoutLines)).toHaveLength(3)
      expect(demo.stdoutLines.at(-1)).toBe('The ledger holds.')
    },
  )

  it('says so where the machine has no loopback addresses', (test) => {
    requireBuild()
    const isolated = spawnSync('unshare', ['-rn', 'true'])
    if (isolated.status !== 0) {
      test.skip('SKIPPED: `unshare -rn` is not possible here, so there is no machine without them')
    }
    const args = ['-rn', process.execPath, COMMLOOP_BIN, 'demo']
    const { status, stderr, stdout } = spawnSync('unshare', args, { encoding: 'utf8' })
    expect(stderr).toContain('commloop: the address 127.0.0.1 cannot be used here')
    expect(stderr).toContain('ifconfig lo0 alias')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  })
})

// ── on a terminal ───────────────────────────────────────────────────────────────────────────────────────────────

const tmuxSessions = new Set<string>()

function tmux(...args: string[]): string {
  return execFileSync('tmux', args, { encoding: 'utf8' })
}

/** A command on a terminal of its own, which stays when the command has ended. */
function onTerminal(columns: number, rows: number, ...args: string[]): string {
  requireBuild()
  const session = `commloop-test-${randomBytes(4).toString('hex')}`
  const command = [process.execPath, COMMLOOP_BIN, ...args].map((word) => `'${word}'`).join(' ')
  const size = ['-x', String(columns), '-y', String(rows)]
  const shell = `env -u NO_COLOR TERM=xterm-256color ${command}; echo "ended with $?"; exec cat`
  tmux('new-session', '-d', '-s', session, ...size, shell)
  tmuxSessions.add(session)
  return session
}

/** What can be read on the screen when the condition holds. */
async function screenWhen(session: string, matches: (screen: string) => boolean): Promise<string> {
  const until = performance.now() + DEADLINE_MS
  for (;;) {
    const screen = tmux('capture-pane', '-p', '-t', session)
    if (matches(screen)) return screen
    if (performance.now() > until) throw new Error(`not seen on the terminal:\n${screen}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** `1 0`: the cursor is shown, and the second screen is not. */
function terminalState(session: string): string {
  return tmux('display-message', '-p', '-t', session, '#{cursor_flag} #{alternate_on}').trim()
}

const hasTmux = spawnSync('tmux', ['-V']).status === 0
if (!hasTmux) process.stderr.write('SKIPPED: tests of the demo on a terminal need tmux\n')

describe.skipIf(!hasTmux)('demo on a terminal', () => {
  afterEach(() => {
    for (const session of tmuxSessions) tmux('kill-session', '-t', session)
    tmuxSessions.clear()
  })

  it('shows a table that changes in place, and then the ledger on the screen that was there', async () => {
    const session = onTerminal(100, 30, 'demo', '--seconds', '5')
    const first = await screenWhen(session, (screen) => screen.includes('8 links up'))
    expect(terminalState(session)).toBe('0 1')
    expect(first).toMatch(/^commloop demo +\d+\.\d+s/)
    expect(first).toMatch(/^node +link +role +peer +state +epoch +written +received +queued/m)
    expect(first).toMatch(/^A 127\.0\.0\.1 +B-in +passive +127\.0\.0\.2:\d+ +up +1/m)
    expect(tmux('capture-pane', '-pe', '-t', session)).toContain('\x1b[32mup')
    await screenWhen(session, (screen) => /^B 127\.0\.0\.2 +killed/m.test(screen))
    const last = await screenWhen(session, (screen) => screen.includes('ended with'))
    expect(last).toContain('ended with 0')
    expect(last).toContain('The ledger holds')
    expect(last).not.toContain('commloop demo')
    expect(terminalState(session)).toBe('1 0')
  })

  it.each([
    [40, 30],
    [100, 6],
    [20, 4],
  ])('fits a terminal of %i columns and %i rows', async (columns, rows) => {
    const session = onTerminal(columns, rows, 'demo', '--seconds', '60')
    const screen = await screenWhen(session, (text) => /^A 127\.0\.0\.1 +B-in/m.test(text))
    expect(screen).toMatch(/^commloop demo/)
    tmux('send-keys', '-t', session, 'C-c')
    await screenWhen(session, (text) => text.includes('ended with'))
    expect(terminalState(session)).toBe('1 0')
  })

  it('gives the terminal back at Ctrl-C', async () => {
    const session = onTerminal(100, 30, 'demo', '--seconds', '60')
    await screenWhen(session, (screen) => screen.includes('8 links up'))
    tmux('send-keys', '-t', session, 'C-c')
    const last = await screenWhen(session, (screen) => screen.includes('ended with'))
    expect(last).toContain('The ledger holds.')
    expect(last).toContain('ended with 0')
    expect(terminalState(session)).toBe('1 0')
  })
})
