import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MINUTES_MS = 60_000

interface Run {
  readonly code: number
  readonly output: string
}

/** Runs a script of this folder on the built packages, as a developer would from a shell. */
function run(script: string, ...options: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const path = `test/simulation/${script}`
    const limits = { cwd: ROOT, maxBuffer: 64 * 1024 * 1024, timeout: 9 * MINUTES_MS }
    execFile(process.execPath, [path, ...options], limits, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output: stdout + stderr })
    })
  })
}

interface Campaign {
  readonly failures: readonly string[]
  readonly rare: readonly string[]
  readonly hashes: readonly string[]
  readonly seeds: number
}

interface Finding {
  readonly seededFault: string
  readonly found: boolean
  readonly violation: string
}

async function campaign(...options: string[]): Promise<Campaign> {
  const { output } = await run('campaign.mjs', '--json', ...options)
  return JSON.parse(output) as Campaign
}

describe('the simulator', () => {
  it(
    'finds no violation in 200 seeds, and produces every situation',
    async () => {
      const { failures, rare, seeds } = await campaign('--seeds', '200', '--markers', '10')
      expect(failures).toEqual([])
      expect(rare).toEqual([])
      expect(seeds).toBe(200)
    },
    10 * MINUTES_MS,
  )

  it(
    'gives the same trace for the same seed in another process',
    async () => {
      const { hashes } = await campaign('--seeds', '20', '--markers', '0')
      expect(new Set(hashes).size).toBe(20)
      expect((await campaign('--seeds', '20', '--markers', '0')).hashes).toEqual(hashes)
      const alone = await run('campaign.mjs', '--seed', '7')
      expect(alone.output).toContain(hashes[7])
    },
    10 * MINUTES_MS,
  )

  it(
    'finds every fault that is seeded in core and codec',
    async () => {
      const { output } = await run('seeded-fault-campaign.mjs', '--json')
      const findings = JSON.parse(output) as Finding[]
      expect(findings.length).toBeGreaterThanOrEqual(15)
      expect(findings.filter(({ found }) => !found)).toEqual([])
    },
    10 * MINUTES_MS,
  )

  it(
    'prints the failed seed, and a command that replays it',
    async () => {
      const planted = ['--seeded-fault', 'a drain is not reported']
      const failed = await run('campaign.mjs', '--seeds', '10', '--markers', '0', ...planted)
      expect(failed.code).toBe(1)
      const command = /replay: node test\/simulation\/campaign\.mjs --seed (\d+) --trace/
      const [, seed = ''] = command.exec(failed.output) ?? []
      const replay = await run('campaign.mjs', '--seed', seed, '--trace', ...planted)
      expect(replay.code).toBe(1)
      expect(replay.output).toContain('VIOLATION fell below its high-water mark')
      expect(replay.output.split('\n').length).toBeGreaterThan(100)
    },
    10 * MINUTES_MS,
  )
})
