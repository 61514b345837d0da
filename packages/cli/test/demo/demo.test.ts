import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import {
  CliProcess,
  COMMLOOP_BIN,
  endCliProcessesAfterEach,
  requireBuild,
} from '@commloop/test-support/cli-process'
import { closeTerminalsAfterEach, hasTerminal, Terminal } from '@commloop/test-support/terminal'

endCliProcessesAfterEach()
closeTerminalsAfterEach()

/** Rows of the ledger: name, accepted, and its parts. */
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
  it('kills one of three nodes and starts it again, and ends with a ledger that adds up', async () => {
    const demo = CliProcess.start(['demo', '--seconds', '10'], { stdin: 'ignore' })
    await demo.stdoutLine((line) => line.includes('A: B-out is up with 127.0.0.2:'))
    await demo.stdoutLine((line) => line.includes('A: B-in is up with 127.0.0.2:'))
    await demo.stdoutLine((line) => line.includes('B is killed'))
    await demo.stdoutLine((line) => /A: B-out is backoff: .*ECONNREFUSED/.test(line))
    for (const link of ['B-in', 'B-out']) {
      await demo.stdoutLine((line) => new RegExp(`A: ${link} is \\w+: reset by peer`).test(line))
    }
    const back = await demo.stdoutLine((line) => line.includes('B comes back'))
    const waited = Number(/(\d+) messages are queued/.exec(back)?.[1])
    expect(waited).toBeGreaterThan(0)
    expect(await demo.exit()).toEqual({ code: 0, signal: null })
    expect(demo.stderrText).toBe('')
    expect(demo.stdoutText).not.toContain('\x1b')

    const ledger = ledgerOf(demo.stdoutLines)
    expect(ledger.map(({ name }) => name)).toEqual(['A', 'B', 'C'])
    for (const { name, accepted, parts } of ledger) {
      expect(accepted).toBeGreaterThan(50)
      expect(sum(parts)).toBe(accepted)
      // Every message was written.
      if (name !== 'B') expect(parts[0]).toBe(accepted)
    }
    for (const flow of ['A → C', 'C → A']) {
      const line = await demo.stdoutLine((text) => text.startsWith(flow))
      const [, sent, arrived] = /(\d+) sent, (\d+) arrived/.exec(line) ?? []
      expect(arrived).toBe(sent)
    }
    expect(demo.stdoutText).toContain(`${String(waited)} messages for B were queued`)
    expect(demo.stdoutLines.at(-1)).toBe('The ledger adds up; no message was lost.')
    // Up, killed, and up again.
    const ups = demo.stdoutLines.filter((line) => line.includes('A: B-out is up'))
    expect(ups.length).toBeGreaterThanOrEqual(2)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'can be ended early by %s, and prints its ledger',
    async (signal) => {
      const demo = CliProcess.start(['demo', '--seconds', '60'], { stdin: 'ignore' })
      await demo.stdoutLine((line) => /[1-9]\d* received/.test(line))
      demo.kill(signal)
      expect(await demo.exit()).toEqual({ code: 0, signal: null })
      expect(ledgerOf(demo.stdoutLines)).toHaveLength(3)
      expect(demo.stdoutLines.at(-1)).toBe('The ledger adds up.')
    },
  )

  it('reports missing loopback addresses', (test) => {
    requireBuild()
    const isolated = spawnSync('unshare', ['-rn', 'true'])
    if (isolated.status !== 0) {
      test.skip(
        'SKIPPED: `unshare -rn` is not possible here, so the test cannot hide the loopback addresses',
      )
    }
    const args = ['-rn', process.execPath, COMMLOOP_BIN, 'demo']
    const { status, stderr, stdout } = spawnSync('unshare', args, { encoding: 'utf8' })
    expect(stderr).toContain('commloop: the address 127.0.0.1 is not available on this machine')
    expect(stderr).toContain('ifconfig lo0 alias')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  })
})

describe.skipIf(!hasTerminal('tests of the demo on a terminal'))('demo on a terminal', () => {
  it('updates a table in place, and then prints the ledger on the main screen', async () => {
    const terminal = Terminal.start(['demo', '--seconds', '5'])
    const first = await terminal.until((screen) => screen.includes('8 links up'))
    expect(terminal.isOnSecondScreen).toBe(true)
    expect(terminal.cursorIsShown).toBe(false)
    expect(first).toMatch(/^commloop demo +\d+\.\d+s/)
    expect(first).toMatch(/^node +link +role +peer +state +epoch +written +received +queued/m)
    expect(first).toMatch(/^A 127\.0\.0\.1 +B-in +passive +127\.0\.0\.2:\d+ +up +1/m)
    expect(terminal.coloredScreen).toContain('\x1b[32mup')
    await terminal.until((screen) => /^B 127\.0\.0\.2 +killed/m.test(screen))
    const last = await terminal.ended()
    expect(last).toContain('ended with 0')
    expect(last).toContain('The ledger adds up')
    expect(last).not.toContain('commloop demo')
    expect(terminal.isOnSecondScreen).toBe(false)
    expect(terminal.cursorIsShown).toBe(true)
  })

  it.each([
    [40, 30],
    [100, 6],
    [20, 4],
  ])('fits a terminal of %i columns and %i rows', async (columns, rows) => {
    const terminal = Terminal.start(['demo', '--seconds', '60'], { columns, rows })
    const screen = await terminal.until((text) => /^A 127\.0\.0\.1 +B-in/m.test(text))
    // A line that is too wide, or one line too many, would scroll the first one away.
    expect(screen).toMatch(/^commloop demo/)
  })

  it('gives the terminal back at Ctrl-C', async () => {
    const terminal = Terminal.start(['demo', '--seconds', '60'])
    await terminal.until((screen) => screen.includes('8 links up'))
    terminal.press('C-c')
    const last = await terminal.ended()
    expect(last).toContain('The ledger adds up.')
    expect(last).toContain('ended with 0')
    expect(terminal.isOnSecondScreen).toBe(false)
    expect(terminal.cursorIsShown).toBe(true)
  })

  it('gives the terminal back when it fails', async () => {
    const failing = 'data:text/javascript,setTimeout(()=>{throw(new(Error)("boom"))},1500)'
    const env = { NODE_OPTIONS: `--import=${failing}` }
    const terminal = Terminal.start(['demo', '--seconds', '60'], { env })
    const last = await terminal.ended()
    expect(last).toContain('commloop: unexpected: boom')
    expect(last).not.toMatch(/^\s+at /m)
    expect(last).toContain('ended with 1')
    expect(terminal.isOnSecondScreen).toBe(false)
    expect(terminal.cursorIsShown).toBe(true)
  })

  it('has no colours with NO_COLOR', async () => {
    const terminal = Terminal.start(['demo', '--seconds', '60'], { env: { NO_COLOR: '1' } })
    await terminal.until((screen) => screen.includes('8 links up'))
    expect(terminal.hasStyles).toBe(false)
  })
})
