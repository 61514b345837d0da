import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('journal-campaign.mjs', import.meta.url))
const MINUTES_MS = 60_000
/** What must have happened in a campaign, so that its result means something. */
const MARKS = [
  'power cuts',
  'kills',
  'closed',
  'torn tail',
  'full',
  'room again',
  'disk failed',
  'start failed',
  'reads',
  'refused',
]

function run(...options: string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const limits = { maxBuffer: 64 * 1024 * 1024, timeout: 14 * MINUTES_MS }
    const command = [SCRIPT, '--json', ...options]
    execFile(process.execPath, command, limits, (_, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr))
      else resolve(JSON.parse(stdout))
    })
  })
}

interface Campaign {
  readonly violations: readonly string[]
  readonly marks: Readonly<Record<string, number>>
}

describe('the journal on a simulated disk', () => {
  it(
    'keeps its promises in 150 seeds, in which everything happens',
    { timeout: 15 * MINUTES_MS },
    async () => {
      const { violations, marks } = (await run('--seeds', '150')) as Campaign
      expect(violations).toEqual([])
      expect(MARKS.filter((mark) => (marks[mark] ?? 0) < 10)).toEqual([])
    },
  )

  it(
    'refuses to start, or has lost nothing, if bits change',
    { timeout: 15 * MINUTES_MS },
    async () => {
      const { violations, marks } = (await run('--rot', '--seeds', '60')) as Campaign
      expect(violations).toEqual([])
      expect(marks['rot refused']).toBeGreaterThan(20)
    },
  )

  it('finds every planted fault', { timeout: 15 * MINUTES_MS }, async () => {
    const findings = (await run('--faults', '--seeds', '1500')) as readonly {
      readonly seededFault: string
      readonly found: boolean
    }[]
    expect(findings.length).toBeGreaterThan(25)
    expect(findings.filter(({ found }) => !found)).toEqual([])
  })
})
