import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { machine } from '../results/machine.js'
import { BATCH_SUITES } from './batch-suites.js'
import { CODEC_SUITES } from './codec-suites.js'
import { type Figure, figuresOf, type Plan } from './figures.js'
import { OUTBOX_SUITE } from './outbox-suite.js'
import { ROUTER_SUITE } from './router-suite.js'
import type { Suite } from './suite.js'

/*
 *     npm run bench:micro                    all suites, in a minute
 *     npm run bench:micro -- NAME …          the suites whose name contains one of these
 *     npm run bench:micro -- --json FILE     also writes the figures to a file, for a later comparison
 *     npm run bench:micro -- --smoke         a very short run, for tests
 */

const SUITES: readonly Suite[] = [...CODEC_SUITES, OUTBOX_SUITE, ROUTER_SUITE, ...BATCH_SUITES]
const FULL: Plan = { rounds: 9, caseMs: 150, samplesMin: 12 }
const SMOKE: Plan = { rounds: 1, caseMs: 1, samplesMin: 2 }
const EXIT_USAGE = 2

process.exitCode = await main(process.argv.slice(2))

async function main(parameters: string[]): Promise<number> {
  let asked: ReturnType<typeof readParameters>
  try {
    asked = readParameters(parameters)
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
  const { names, json, smoke } = asked
  const unknown = names.filter((part) => !SUITES.some(({ name }) => name.includes(part)))
  if (unknown.length > 0) {
    const known = SUITES.map(({ name }) => name).join(', ')
    return refuse(
      `no suite has a name that contains "${unknown.join('", "')}"; the suites are ${known}`,
    )
  }
  const chosen = SUITES.filter(
    ({ name }) => names.length === 0 || names.some((part) => name.includes(part)),
  )
  const loadBefore = loadavg()
  const figures: Figure[] = []
  for (const suite of chosen) {
    const found = await figuresOf(suite, smoke ? SMOKE : FULL)
    process.stdout.write(`\n${suite.name}\n${found.map(lineOf).join('\n')}\n`)
    figures.push(...found)
  }
  if (json !== undefined) {
    const report = { machine: machine(), loadBefore, figures }
    writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
  }
  return 0
}

function readParameters(parameters: string[]): {
  readonly names: readonly string[]
  readonly json: string | undefined
  readonly smoke: boolean
} {
  const { positionals, values } = parseArgs({
    args: parameters,
    allowPositionals: true,
    options: { json: { type: 'string' }, smoke: { type: 'boolean', default: false } },
  })
  return { names: positionals, json: values.json, smoke: values.smoke }
}

function refuse(text: string): number {
  process.stderr.write(`bench:micro: ${text}\n`)
  return EXIT_USAGE
}

function lineOf({ name, operation, nanoseconds, bestNanoseconds, ratio }: Figure): string {
  const shown = `${digits(nanoseconds)} ns/${operation}`
  const share = ratio === undefined ? '' : `${ratio.toFixed(2)} × baseline`
  const best = `best ${digits(bestNanoseconds)}`
  return `  ${name.padEnd(34)} ${shown.padStart(22)}  ${best.padEnd(14)} ${share}`.trimEnd()
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
