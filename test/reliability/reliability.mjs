// Measures the figures of docs/reliability.md and prints one table. The exit code is 1 if a figure is not held.
//
//   npm run reliability                       all figures
//   npm run reliability -- --only B7,B9       these figures
//   npm run reliability -- --list             the statement, target and requirements of each figure
//   npm run reliability -- --short            small sizes, without a verdict on speed
//   npm run reliability -- --json FILE        the file for the result as JSON; default reports/reliability.json
import { fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { load } from './load-typescript.mjs'

const FIGURE_LIMIT_MS = 5 * 60_000

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    json: { type: 'string', default: 'reports/reliability.json' },
  },
})

const { FIGURES, NOT_APPLICABLE } = await load('./figures.ts')
const { resultTable } = await load('./result-table.ts')
const wanted = figuresNamed(values.only)

if (values.list) list(wanted)
else await measure(wanted)

function figuresNamed(names) {
  if (names === undefined) return FIGURES
  const ids = names.split(',').map((name) => name.trim())
  const unknown = ids.filter((id) => !FIGURES.some((figure) => figure.id === id))
  if (unknown.length === 0) return FIGURES.filter(({ id }) => ids.includes(id))
  print(`no such figure: ${unknown.join(', ')}; --list shows them`)
  process.exit(2)
}

function list(figures) {
  for (const { id, sentence, target, world, needs } of figures) {
    print(`${id.padEnd(4)} ${sentence} (${world}${needs === undefined ? '' : `; needs ${needs}`})`)
    print(`     ${target}`)
  }
  print(`not applicable, without durable storage and sessions: ${NOT_APPLICABLE.join(', ')}`)
}

async function measure(figures) {
  const startedMs = performance.now()
  const results = []
  for (const figure of figures) {
    const result = await measured(figure)
    results.push(result)
    process.stderr.write(`${result.id}: ${result.verdict}, ${result.seconds.toFixed(1)} s\n`)
  }
  const seconds = (performance.now() - startedMs) / 1000
  print(resultTable(results))
  const processor = `${String(cpus().length)} processors`
  print(
    `\n${new Date().toISOString()}, Node ${process.version}, ${processor}, ${seconds.toFixed(0)} s`,
  )
  save({ at: new Date().toISOString(), node: process.version, seconds, results })
  process.exitCode = results.some(({ verdict }) => verdict === 'NOT HELD') ? 1 : 0
}

async function measured({ id, sentence, target }) {
  const startedMs = performance.now()
  const answer = await inItsOwnProcess(id)
  return { id, sentence, target, ...answer, seconds: (performance.now() - startedMs) / 1000 }
}

function inItsOwnProcess(id) {
  const path = fileURLToPath(new URL('one-figure.mjs', import.meta.url))
  const child = fork(path, [id, values.short ? 'short' : 'full'], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    timeout: FIGURE_LIMIT_MS,
  })
  return new Promise((settle) => {
    let answer = { measured: 'ended without an answer', verdict: 'NOT HELD' }
    child.once('message', (message) => (answer = message))
    child.once('exit', () => settle(answer))
  })
}

function save(result) {
  const path = resolve(values.json)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`)
}

function print(line) {
  process.stdout.write(`${line}\n`)
}
