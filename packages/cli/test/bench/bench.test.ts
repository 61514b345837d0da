import { describe, expect, it } from 'vitest'
import type { BenchResult } from '../../src/bench/measurement.js'
import { Arrivals, PayloadCycle } from '../../src/bench/traffic.js'
import { endCliProcessesAfterEach, runCli } from '../cli-process.js'
import { removeTestFoldersAfterEach, testFolder } from '../test-folder.js'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

/** Long enough to be a run, and no measurement. */
const SHORT = ['bench', '--seconds', '0.1'] as const

describe('commloop bench', () => {
  it('measures both sides of every workload, and needs no configuration', async () => {
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
      for (const { commloop, raw, ratio } of figures) {
        expect(Math.min(commloop, raw, ratio)).toBeGreaterThan(0)
      }
    }
  })

  it('shows people a table, and what to believe of it', async () => {
    const { code, stdout } = await runCli(SHORT, { cwd: testFolder() })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +commloop +raw socket +ratio$/m)
    expect(stdout).toMatch(
      /^ {2}one way, 16 KiB +[\d,]+ messages\/s, [\d,]+ MB\/s +[\d,]+ .* [\d.]+$/m,
    )
    expect(stdout).toMatch(/^ {2}round trip, 64 B, half below +\d+ µs +\d+ µs +[\d.]+$/m)
    expect(stdout).toContain('only the ratio says something')
  })

  it.each(['0', 'long', '61'])('with --seconds %s ends with 2', async (seconds) => {
    expect(await runCli(['bench', '--seconds', seconds])).toMatchObject({
      code: 2,
      stderr: `commloop: --seconds: expected 0.1 to 60, found "${seconds}"\n`,
    })
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

  it('are what was sent, in its order', async () => {
    expect(await misplacedOf(() => undefined)).toBe(0)
  })

  it.each<[string, (payloads: Uint8Array[]) => void]>([
    ['one is missing and one too many', (all) => all.push(...all.splice(700, 1))],
    ['two are swapped', (all) => all.splice(10, 2, ...all.slice(10, 12).reverse())],
    ['one is shorter', (all) => all.splice(5, 1, new Uint8Array([5, 0]))],
  ])('are not, where %s', async (_, change) => {
    expect(await misplacedOf(change)).toBeGreaterThan(0)
  })
})
