import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLmdb } from './lmdb-store.js'
import { type Pace, paceOf } from './pace.js'
import { openRaw } from './raw-store.js'
import { openSegments } from './segments-store.js'
import type { OpenStore } from './store.js'
import { fill, recover, type Recovery } from './waiting.js'

/*
 *     npm run bench:journal               all figures
 *     npm run bench:journal -- --smoke    a very short run, for tests
 *     BENCH_FOLDER=…                      a folder on the disk to measure
 */

const STORES: Readonly<Record<string, OpenStore>> = {
  raw: openRaw,
  segments: openSegments,
  lmdb: openLmdb,
}
const IN_FLIGHT = [1, 16, 128, 1_024]
const RECORD_BYTES = 256

await main(process.argv.slice(2))

async function main([first = '', ...rest]: string[]): Promise<void> {
  if (first === 'pace') {
    const [store = '', folder = '', inFlight = '', seconds = ''] = rest
    const open = STORES[store]
    if (open === undefined) throw new Error(`bench: no store "${store}"`)
    print(await paceOf(open, folder, Number(inFlight), RECORD_BYTES, Number(seconds)))
  } else if (first === 'fill') {
    const [folder = '', messages = '', bytes = ''] = rest
    print({ seconds: await fill(folder, Number(messages), Number(bytes)) })
  } else if (first === 'recover') print(await recover(rest[0] ?? ''))
  else measureAll(first === '--smoke')
}

function print(result: object): void {
  process.stdout.write(JSON.stringify(result))
  process.exit(0)
}

function measureAll(isSmoke: boolean): void {
  const rounds = isSmoke ? 1 : 5
  const seconds = isSmoke ? 0.2 : 2
  line('256 B, stored: records/s, p50 ms, p99 ms, processor µs/record (medians)')
  for (const inFlight of isSmoke ? [16] : IN_FLIGHT) {
    const paces = new Map<string, Pace[]>(Object.keys(STORES).map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const [name, all] of paces) {
        all.push(
          inFolder(
            (folder) => child('pace', name, folder, String(inFlight), String(seconds)) as Pace,
          ),
        )
      }
    }
    for (const [name, all] of paces) showPace(inFlight, name, all)
  }
  waiting('1 GiB in messages of 1 KiB', isSmoke ? 1_000 : 2 ** 20, 1_024)
  waiting('messages of 64 B', isSmoke ? 1_000 : 500_000, 64)
}

function showPace(inFlight: number, name: string, all: readonly Pace[]): void {
  const median = (of: (pace: Pace) => number): number =>
    all.map(of).sort((left, right) => left - right)[Math.floor(all.length / 2)] ?? 0
  const columns = [
    `${String(inFlight).padStart(5)} in flight  ${name.padEnd(9)}`,
    `${median((pace) => pace.perSecond)
      .toFixed(0)
      .padStart(9)}/s`,
    median((pace) => pace.p50Ms)
      .toFixed(2)
      .padStart(8),
    median((pace) => pace.p99Ms)
      .toFixed(2)
      .padStart(8),
    median((pace) => pace.processorMicroseconds)
      .toFixed(1)
      .padStart(8),
  ]
  line(columns.join(''))
}

function waiting(what: string, messages: number, bytes: number): void {
  inFolder((folder) => {
    const filled = child('fill', folder, String(messages), String(bytes)) as {
      readonly seconds: number
    }
    const start = child('recover', folder) as Recovery
    line(
      `${what}: ${String(start.found)} waiting, filled in ${filled.seconds.toFixed(1)} s, ` +
        `start ${start.seconds.toFixed(2)} s (${start.processorSeconds.toFixed(2)} s of processor), ` +
        `${start.memoryBytesPerMessage.toFixed(0)} B of memory per message`,
    )
  })
}

function inFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'commloop-journal-'))
  try {
    return use(join(folder, 'store'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function child(...parameters: string[]): unknown {
  const path = fileURLToPath(import.meta.url)
  const output = execFileSync(process.execPath, ['--expose-gc', path, ...parameters], {
    encoding: 'utf8',
  })
  return JSON.parse(output)
}

function line(text: string): void {
  process.stdout.write(`${text}\n`)
}
