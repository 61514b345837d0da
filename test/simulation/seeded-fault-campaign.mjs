// Plants one fault after the other and runs a campaign that must find it. A fault that survives fails the run.
//
//   node test/simulation/seeded-fault-campaign.mjs            one at a time
//   node test/simulation/seeded-fault-campaign.mjs --pairs    in pairs
//   … --first 3                                               only the first three
//   … --seeds 500 --from 0                                    how many seeds to try for each, and from which
//   … --json                                                  the result as JSON
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { builtPackages } from './built-packages.mjs'
import { PAIRS, SEEDED_FAULTS } from './seeded-faults.mjs'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '0' },
    pairs: { type: 'boolean', default: false },
    first: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

Error.stackTraceLimit = 0
const names = values.pairs ? PAIRS.map((pair) => pair.join(' + ')) : Object.keys(SEEDED_FAULTS)
const findings = []
const wanted = names.slice(0, values.first === undefined ? names.length : Number(values.first))
for (const name of wanted) findings.push(await lookFor(name))
if (values.json) process.stdout.write(`${JSON.stringify(findings)}\n`)
process.exitCode = findings.every(({ found }) => found) ? 0 : 1

async function lookFor(seededFault) {
  const { codec, runCampaign, violationText } = await builtPackages(seededFault)
  const startedMs = performance.now()
  const { seeds, failures } = await runCampaign({
    codec,
    from: Number(values.from),
    seeds: Number(values.seeds),
    onSeed: ({ violation }) => violation === undefined,
  })
  const seconds = (performance.now() - startedMs) / 1000
  const [failure] = failures
  const violation = failure === undefined ? 'SURVIVED' : violationText(failure.violation)
  if (!values.json) {
    const looked = `${String(seeds).padStart(4)} seeds ${seconds.toFixed(1).padStart(5)} s`
    process.stdout.write(`${looked}  ${seededFault}\n      ${violation}\n`)
  }
  return { seededFault, found: failure !== undefined, seeds, seconds, violation }
}
