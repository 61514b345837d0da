import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../../bench/dist/main.js', import.meta.url))
const DEADLINE_MS = 60_000
const run = promisify(execFile)

describe('npm run bench', () => {
  it.each([
    { workload: 'one-way', figures: ['64 B', 'raw socket', 'commloop'] },
    { workload: 'both-ways', figures: ['raw socket', 'commloop'] },
    { workload: 'round-trip', figures: ['one in flight', '64 in flight', 'p99'] },
    { workload: 'many-links', figures: ['commloop, 20 links', 'raw, 20 sockets'] },
    { workload: 'relay', figures: ['raw relay', 'commloop relay'] },
    { workload: 'idle-memory', figures: ['bytes resident/link'] },
    { workload: 'idle-cpu', figures: ['% of one core'] },
    { workload: 'restart', figures: ['ms until all are up'] },
    { workload: 'start', figures: ['commloop --version', 'first frame'] },
    { workload: 'table-size', figures: ['commloop, 50 entries'] },
  ])(
    'measures $workload, every message checked',
    async ({ workload, figures }) => {
      const { stdout } = await run(process.execPath, [MAIN, '--smoke', workload])
      for (const figure of figures) expect(stdout).toContain(figure)
    },
    DEADLINE_MS,
  )

  it('names the workloads there are when it is asked for another', async () => {
    await expect(run(process.execPath, [MAIN, 'nonsense'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('one-way') as string,
    })
  })
})
