import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CliProcess } from '@commloop/test-support/cli-process'
import { eventually } from '../peer/eventually.js'

const METER = fileURLToPath(new URL('loop-meter.mjs', import.meta.url))
/** A reload of ten thousand links on a busy machine. */
const RELOAD_MS_MAX = 60_000

export interface ReloadStall {
  /** The longest work between two turns of the loop, in milliseconds of CPU time. */
  readonly longestMs: number
  /** During which reload. */
  readonly worst: string
  readonly reloads: number
}

/** The text of a configuration with so many passive entries. */
export function largeTable(links: number, options: { top?: string; entry?: string } = {}): string {
  const { top = '', entry = '' } = options
  const lines = Array.from({ length: links }, (_, at) => {
    const ip = `10.${String(at >> 16)}.${String((at >> 8) & 255)}.${String(at & 255)}`
    return `  - { id: link-${String(at)}, role: passive, ip: ${ip}${entry} }`
  })
  const head = `node: large\nlisten: { host: 0.0.0.0, port: 0 }\ncontrol: false\n${top}links:\n`
  return `${head}${lines.join('\n')}\n`
}

/** Reloads a large table in a running `commloop run`, in several ways, and measures the work between turns of its loop. */
export async function reloadStall(links: number): Promise<ReloadStall> {
  const table = largeTable(links)
  const cases: readonly (readonly [string, string])[] = [
    ['one key changed', largeTable(links, { top: 'deferMax: 50s\n' })],
    ['every link changed', largeTable(links, { entry: ', ttl: 1m' })],
    ['a mistake in every entry', largeTable(links, { entry: ', colour: red' })],
    ['almost all links removed', largeTable(1)],
    ['links added', table],
  ]
  const folder = mkdtempSync(join(tmpdir(), 'commloop-stall-'))
  const file = join(folder, '.commlooprc')
  const meter = join(folder, 'longest')
  writeFileSync(file, table)
  const node = CliProcess.start(['run', '--config', file], {
    cwd: folder,
    env: { LOOP_METER: meter },
    nodeOptions: ['--import', METER],
  })
  try {
    await node.log(({ msg }) => msg.startsWith('listening at'), RELOAD_MS_MAX)
    let longestMs = 0
    let worst = 'none'
    for (const [name, text] of cases) {
      const tookMs = await reloadOnce(node, { file, meter, text })
      if (tookMs <= longestMs) continue
      longestMs = tookMs
      worst = name
    }
    return { longestMs, worst, reloads: cases.length }
  } finally {
    node.kill('SIGTERM')
    await node.exit()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface OneReload {
  readonly file: string
  readonly meter: string
  readonly text: string
}

async function reloadOnce(node: CliProcess, { file, meter, text }: OneReload): Promise<number> {
  const reports = (): number =>
    node.stderrLines.filter((line) => /"msg":"reload(ed| rejected)/.test(line)).length
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
  const before = reports()
  writeFileSync(meter, 'pending')
  node.kill('SIGUSR2')
  await eventually(
    'the meter',
    () => readFileSync(meter, 'utf8') !== 'pending',
    () => '',
  )
  node.kill('SIGHUP')
  await node.log(() => reports() > before, RELOAD_MS_MAX)
  return Number(readFileSync(meter, 'utf8'))
}
