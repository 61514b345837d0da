// Runs seeds of the journal over the simulated disk, on the built packages.
//
//   node test/simulation/journal-campaign.mjs --seeds 2000 --from 0     many seeds
//   … --rot                                 bits change at crashes
//   … --seeded-fault "a number is used twice"     with a planted bug
//   … --faults                              plants one bug after the other; each must be found
//   … --json                                the result as JSON
import { register } from 'node:module'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { JOURNAL_FAULTS, ROT_FAULTS } from './journal-faults.mjs'

/** Small, so that a second of virtual time fills and empties many segments. */
const LIMITS = {
  segmentBytes: 8 * 1024,
  unstoredBytesMax: 16 * 1024,
  batchBytesMax: 2 * 1024,
  journalBytesMax: 200_000,
}
const EMPTY_BYTES_MAX = 8 * LIMITS.segmentBytes

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '0' },
    rot: { type: 'boolean', default: false },
    'seeded-fault': { type: 'string' },
    faults: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

if (values.faults || values['seeded-fault'] !== undefined) {
  register('./seeded-fault-loader.mjs', import.meta.url)
}
// Refused messages create thousands of errors whose stack traces are never read.
Error.stackTraceLimit = 0
if (values.faults) await plantAll()
else report(await campaign(values['seeded-fault'], values.rot, false))

async function plantAll() {
  const findings = []
  for (const name of Object.keys(JOURNAL_FAULTS)) findings.push(await plant(name, false))
  for (const name of Object.keys(ROT_FAULTS)) findings.push(await plant(name, true))
  if (values.json) process.stdout.write(`${JSON.stringify(findings)}\n`)
  if (findings.some(({ found }) => !found)) process.exitCode = 1
}

async function plant(seededFault, rot) {
  const { seeds, seconds, violations } = await campaign(seededFault, rot, true)
  const [violation = 'SURVIVED'] = violations
  if (!values.json) {
    const looked = `${String(seeds).padStart(4)} seeds ${seconds.toFixed(1).padStart(5)} s`
    process.stdout.write(`${looked}  ${seededFault}\n      ${violation.slice(0, 200)}\n`)
  }
  return { seededFault, found: violations.length > 0, seeds, seconds, violation }
}

async function campaign(seededFault, rot, stopsAtFirst) {
  const query = seededFault === undefined ? '' : `?seeded-fault=${encodeURIComponent(seededFault)}`
  const load = (name) =>
    import(new URL(`../../packages/${name}/dist/index.js${query}`, import.meta.url))
  const { SegmentJournal } = await load('journal-segments')
  const { simulateJournal } = await load('testing')
  const marks = {}
  const logger = { info: () => (marks['torn tail'] = (marks['torn tail'] ?? 0) + 1) }
  const make = (surroundings) =>
    new SegmentJournal({ ...surroundings, logger, writer: 'simulation' }, LIMITS)
  const startedMs = performance.now()
  const violations = []
  let seeds = 0
  for (; seeds < Number(values.seeds); seeds++) {
    const seed = Number(values.from) + seeds
    const result = simulateJournal({ seed, make, rot, emptyBytesMax: EMPTY_BYTES_MAX })
    for (const [name, count] of Object.entries(result.marks))
      marks[name] = (marks[name] ?? 0) + count
    if (result.violation !== undefined) violations.push(`seed ${String(seed)}, ${result.violation}`)
    if (stopsAtFirst && violations.length > 0) {
      seeds++
      break
    }
  }
  return { seeds, seconds: (performance.now() - startedMs) / 1000, violations, marks }
}

function report({ seeds, seconds, violations, marks }) {
  if (values.json)
    process.stdout.write(`${JSON.stringify({ seeds, seconds, violations, marks })}\n`)
  else {
    process.stdout.write(
      `${String(seeds)} seeds in ${seconds.toFixed(1)} s; ${String(violations.length)} failed\n`,
    )
    for (const violation of violations.slice(0, 10)) process.stdout.write(`FAILED ${violation}\n`)
    process.stdout.write(`${JSON.stringify(marks)}\n`)
  }
  if (violations.length > 0) process.exitCode = 1
}
