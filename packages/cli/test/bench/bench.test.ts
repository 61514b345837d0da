import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { BenchResult } from '../../src/bench/measurement.js'
import { Arrivals, PayloadCycle } from '../../src/bench/traffic.js'
import {
  CliProcess,
  DEADLINE_MS,
  endCliProcessesAfterEach,
  runCli,
} from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

/** Long enough to run, too short to measure. */
const SHORT = ['bench', '--seconds', '0.1'] as const

describe('commloop bench', () => {
  it('measures both contenders of every workload without a configuration', async () => {
    const { code, stdout, stderr } = await runCli([...SHORT, '--json'], { cwd: testFolder() })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { machine, results } = JSON.parse(stdout) as {
      readonly machine: { readonly node: string }
      readonly results: readonly BenchResult[]
    }
    expect(machine.node).toBe(process.version)
    expect(results.map(({ kind, payloadBytes }) => [kind, payloadBytes])).toEqual([
      ['one-way', 64],
      ['one-way', 1024],
      ['one-way', 16_384],
      ['round-trip', 64],
    ])
    for (const result of results) {
      const figures =
        result.kind === 'one-way' ? [result.messagesPerSecond] : [result.p50Us, result.p99Us]
      for (const { commloop, raw, ratio, ratios } of figures) {
        expect(Math.min(commloop, raw, ...ratios)).toBeGreaterThan(0)
        expect(ratios).toHaveLength(5)
        expect([...ratios].sort((one, other) => one - other)[2]).toBe(ratio)
      }
    }
  })

  it('prints a table, and how to read it', async () => {
    const { code, stdout } = await runCli(SHORT, { cwd: testFolder() })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}workload +commloop +raw socket +ratio$/m)
    const ratio = '\\d+\\.\\d\\d \\(\\d+\\.\\d\\d–\\d+\\.\\d\\d\\)$'
    for (const size of ['64 B', '1 KiB', '16 KiB']) {
      const rate = '[\\d,]+ messages/s, [\\d,]+ MB/s'
      expect(stdout).toMatch(new RegExp(`^  one way, ${size} +${rate} +${rate} +${ratio}`, 'm'))
    }
    for (const part of ['p50', 'p99']) {
      const row = `^  round trip, 64 B, ${part} +\\d+ µs +\\d+ µs +${ratio}`
      expect(stdout).toMatch(new RegExp(row, 'm'))
    }
    expect(stdout).toContain('Other load on the machine makes the figures unreliable')
  })

  it.each(['0', 'long', '61', ''])('exits with 2 for --seconds %s', async (seconds) => {
    expect(await runCli(['bench', '--seconds', seconds])).toMatchObject({
      code: 2,
      stderr: `commloop: --seconds: expected 0.1 to 60, found "${seconds}"\n`,
    })
  })
})

const WITHOUT_CHILDREN = !existsSync(`/proc/self/task/${String(process.pid)}/children`)

describe.skipIf(WITHOUT_CHILDREN)('the two processes of commloop bench', () => {
  async function started(): Promise<{ readonly bench: CliProcess; readonly receiver: number }> {
    const bench = CliProcess.start(['bench', '--seconds', '60'], { stdin: 'ignore' })
    const pid = String(bench.pid)
    const receiver = await vi.waitFor(
      () => {
        const found = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))
        expect(found).toBeGreaterThan(0)
        return found
      },
      { timeout: DEADLINE_MS, interval: 5 },
    )
    onTestFinished(() => {
      if (existsSync(`/proc/${String(receiver)}`)) process.kill(receiver, 'SIGKILL')
    })
    return { bench, receiver }
  }

  it('exit with 1 if the receiving process is killed', async () => {
    const { bench, receiver } = await started()
    process.kill(receiver, 'SIGKILL')
    expect(await bench.exit()).toEqual({ code: 1, signal: null })
    expect(bench.stdoutText).toBe('')
    expect(bench.stderrText).toContain('commloop: unexpected: the receiving process has ended\n')
    expect(bench.stderrText).not.toMatch(/^\s+at /m)
  })

  it('end together silently if the measuring process is killed', async () => {
    const { bench } = await started()
    bench.kill('SIGKILL')
    // Both processes share stderr, and `exit` waits for its end.
    expect(await bench.exit()).toEqual({ code: null, signal: 'SIGKILL' })
    expect(bench.stderrText).toBe('')
  })
})

describe('the messages of a run', () => {
  const traffic = { messages: 1_500, payloadBytes: 64, echoed: false }

  async function misplacedOf(change: (payloads: Uint8Array[]) => void): Promise<number> {
    const cycle = new PayloadCycle(traffic.payloadBytes)
    const payloads = Array.from({ length: traffic.messages }, () => cycle.next())
    change(payloads)
    const arrivals = new Arrivals()
    const misplaced = arrivals.expect(traffic)
    for (const payload of payloads) arrivals.take(payload)
    return await misplaced
  }

  it('count as correct in the order in which they were sent', async () => {
    expect(await misplacedOf(() => undefined)).toBe(0)
  })

  it.each<[string, (payloads: Uint8Array[]) => void]>([
    ['one is moved to the end', (all) => all.push(...all.splice(700, 1))],
    ['two are swapped', (all) => all.splice(10, 2, ...all.slice(10, 12).reverse())],
    ['one is shorter', (all) => all.splice(5, 1, new Uint8Array([5, 0]))],
  ])('count as misplaced if %s', async (_, change) => {
    expect(await misplacedOf(change)).toBeGreaterThan(0)
  })
})
