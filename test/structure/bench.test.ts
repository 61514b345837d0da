import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../../bench/dist/main.js', import.meta.url))
const MICRO = fileURLToPath(new URL('../../bench/dist/micro/main.js', import.meta.url))
const DEADLINE_MS = 60_000
const run = promisify(execFile)

describe('npm run bench', () => {
  it.each([
    { workload: 'one-way', figures: ['64 B', 'raw socket', 'commloop'] },
    { workload: 'codecs', figures: ['64 B', 'codec len32', 'codec telegram-40'] },
    { workload: 'both-ways', figures: ['raw socket', 'commloop'] },
    { workload: 'round-trip', figures: ['one in flight', '64 in flight', 'p99'] },
    {
      workload: 'many-links',
      figures: ['commloop, 20 links', 'raw, 20 sockets', 'commloop, 2 of 50 links'],
    },
    { workload: 'relay', figures: ['raw relay', 'relay of commloop'] },
    { workload: 'idle-memory', figures: ['bytes resident/link'] },
    { workload: 'idle-cpu', figures: ['% of one core'] },
    { workload: 'restart', figures: ['ms until all are up'] },
    { workload: 'start', figures: ['commloop --version', 'first frame'] },
    { workload: 'table-size', figures: ['commloop, 50 entries'] },
  ])(
    'measures $workload, and checks every message',
    async ({ workload, figures }) => {
      const { stdout } = await run(process.execPath, [MAIN, '--smoke', workload])
      for (const figure of figures) expect(stdout).toContain(figure)
    },
    DEADLINE_MS,
  )

  it('lists the workloads for an unknown one', async () => {
    await expect(run(process.execPath, [MAIN, 'nonsense'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('one-way') as string,
    })
  })
})

interface MicroFigure {
  readonly suite: string
  readonly name: string
  readonly nanoseconds: number
  readonly ratio: number
}

describe('npm run bench:micro', () => {
  async function figuresOf(...names: string[]): Promise<MicroFigure[]> {
    const folder = await mkdtemp(join(tmpdir(), 'commloop-micro-'))
    try {
      const file = join(folder, 'figures.json')
      await run(process.execPath, [MICRO, '--smoke', '--json', file, ...names])
      const report = JSON.parse(await readFile(file, 'utf8')) as { figures: MicroFigure[] }
      return report.figures
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  it(
    'measures codec, outbox, router and batch, each with a baseline',
    async () => {
      const figures = await figuresOf()
      const suites = [...new Set(figures.map(({ suite }) => suite))]
      for (const part of ['encode', 'decode', 'bytewise', 'outbox', 'router', 'batch']) {
        expect(
          suites.some((suite) => suite.includes(part)),
          part,
        ).toBe(true)
      }
      for (const suite of suites) {
        const own = figures.filter((figure) => figure.suite === suite)
        expect(own.length, suite).toBeGreaterThan(1)
        expect(own.filter(({ ratio }) => ratio === 1).length, suite).toBeGreaterThan(0)
        expect(
          own.every(({ nanoseconds }) => nanoseconds > 0),
          suite,
        ).toBe(true)
      }
    },
    DEADLINE_MS,
  )

  it('measures only the named suites', async () => {
    const figures = await figuresOf('outbox')
    expect(new Set(figures.map(({ suite }) => suite))).toEqual(new Set(['outbox']))
  })

  it('lists the suites for an unknown one', async () => {
    await expect(run(process.execPath, [MICRO, 'nonsense'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('outbox') as string,
    })
  })
})
