// Plants one bug after the other and lets the campaign look for it. A bug that survives fails the run.
//
//   node test/simulation/canary-campaign.mjs            all single ones
//   node test/simulation/canary-campaign.mjs --pairs    in pairs
//   … --first 3                                         the first three only
//   … --seeds 500 --from 0                              how long to look for each, and where
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { builtPackages } from './built-packages.mjs'
import { CANARIES, PAIRS } from './canaries.mjs'

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
const names = values.pairs ? PAIRS.map((pair) => pair.join(' + ')) : Object.keys(CANARIES)
const findings = []
const wanted = names.slice(0, values.first === undefined ? names.length : Number(values.first))
for (const name of wanted) findings.push(await lookFor(name))
if (values.json) process.stdout.write(`${JSON.stringify(findings)}\n`)
process.exitCode = findings.every(({ found }) => found) ? 0 : 1

async function lookFor(canary) {
  const { codec, runCampaign, violationText } = await builtPackages(canary)
  const startedMs = performance.now()
  const { seeds, failures } = await runCampaign({
    codec,
    from: Number(values.from),
    seeds: Number(values.seeds),
    told: ({ violation }) => violation === undefined,
  })
  const seconds = (performance.now() - startedMs) / 1000
  const [failure] = failures
  const violation = failure === undefined ? 'SURVIVED' : violationText(failure.violation)
  if (!values.json) {
    const looked = `${String(seeds).padStart(4)} seeds ${seconds.toFixed(1).padStart(5)} s`
    process.stdout.write(`${looked}  ${canary}\n      ${violation}\n`)
  }
  return { canary, found: failure !== undefined, seeds, seconds, violation }
}
