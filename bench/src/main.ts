import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { machine } from './results/machine.js'
import { reportInto } from './results/report.js'
import type { WorkloadResult } from './results/result.js'
import { type Plan, PLANS } from './plan.js'
import { WORKLOADS } from './workloads/all.js'

/*
 *     npm run bench                  all workloads; rewrites docs/performance.md
 *     npm run bench -- NAME …        some workloads; only prints the results
 *     npm run bench -- --short       all workloads, coarsely, in under two minutes; only prints the results
 *     npm run bench -- --smoke       a very short run, for tests
 */

const RESULTS = new URL('../results/', import.meta.url)
const DOCS = new URL('../../docs/', import.meta.url)

process.exit(await main(process.argv.slice(2)))

async function main(parameters: readonly string[]): Promise<number> {
  const names = parameters.filter((each) => !each.startsWith('--'))
  const unknown = names.filter((name) => !WORKLOADS.some((workload) => workload.name === name))
  if (unknown.length > 0) {
    const known = WORKLOADS.map(({ name }) => name).join(', ')
    process.stderr.write(
      `bench: no workload "${unknown.join('", "')}"; the workloads are ${known}\n`,
    )
    return 2
  }
  const plan = planOf(parameters)
  const chosen = WORKLOADS.filter(({ name }) => names.length === 0 || names.includes(name))
  const report = {
    machine: machine(),
    plan,
    loadBefore: loadavg(),
    workloads: [] as WorkloadResult[],
  }
  for (const workload of chosen) {
    report.workloads.push(await workload.run({ plan, progress: progressOf(workload.name, plan) }))
    process.stderr.write('\r\x1b[K')
    show(report.workloads.at(-1))
  }
  if (plan.name === 'smoke') return 0
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(new URL('latest.json', RESULTS), `${JSON.stringify(report, undefined, 2)}\n`)
  if (names.length === 0 && plan.name === 'full') reportInto(DOCS, report)
  return 0
}

function planOf(parameters: readonly string[]): Plan {
  if (parameters.includes('--smoke')) return PLANS.smoke
  return PLANS[parameters.includes('--short') ? 'short' : 'full']
}

function progressOf(name: string, plan: Plan): (text: string) => void {
  return (text) => process.stderr.write(`\r\x1b[K${plan.name} ${name}: ${text}`)
}

function show(result: WorkloadResult | undefined): void {
  if (result === undefined) return
  const lines = [`\n${result.title}`]
  for (const { workload, contender, unit, median, ratio } of result.figures) {
    const share = ratio === undefined ? '' : `${ratio.toFixed(2)} × ${result.baseline ?? ''}`
    const value = median >= 100 ? median.toFixed(0) : median.toPrecision(3)
    lines.push(
      `  ${workload.padEnd(16)} ${contender.padEnd(34)} ${value.padStart(9)} ${unit.padEnd(30)} ${share}`,
    )
  }
  for (const { what, limit, measured, held } of result.targets) {
    lines.push(`  ${held ? 'held    ' : 'NOT held'} ${what}: ${measured} (${limit})`)
  }
  lines.push(...result.notes.map((note) => `  ${note}`))
  process.stdout.write(`${lines.join('\n')}\n`)
}
