// Runs seeds of the simulator on the built packages.
//
//   node test/simulation/campaign.mjs --seeds 2000 --from 0     many seeds
//   node test/simulation/campaign.mjs --seed 17 --trace         one seed, with everything that happened
//   … --markers 10                                              how often each marker must occur
//   … --seeded-fault "a drain is not reported"                  with a planted bug
//   … --json                                                    the result as JSON
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { builtPackages } from './built-packages.mjs'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'seeded-fault': { type: 'string' },
    markers: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
})

const seededFault = values['seeded-fault']
const { codec, runCampaign, simulate, violationText } = await builtPackages(seededFault)

if (values.seed === undefined) await many()
else await one(values.seed)

async function one(seed) {
  const result = await simulate({ seed, codec, ...(values.trace ? { read: print } : {}) })
  print(`seed ${result.seed}: trace hash ${result.hash}, ${String(result.messages)} messages`)
  if (result.violation === undefined) return
  printFailure(result)
  process.exitCode = 1
}

async function many() {
  // Refused sends and dials create thousands of errors whose stack traces are never read.
  Error.stackTraceLimit = 0
  const startedMs = performance.now()
  const hashes = []
  const result = await runCampaign({
    codec,
    from: Number(values.from),
    seeds: Number(values.seeds),
    onSeed: (seed) => {
      hashes.push(seed.hash)
      if (seed.violation !== undefined && !values.json) printFailure(seed)
      return true
    },
  })
  const seconds = (performance.now() - startedMs) / 1000
  const rare = result.markers.below(Number(values.markers))
  if (values.json) {
    const failures = result.failures.map(({ violation }) => violationText(violation))
    print(JSON.stringify({ ...result, failures, hashes, rare, seconds }))
  } else {
    printResult(result, rare, seconds)
  }
  if (result.failures.length > 0 || rare.length > 0) process.exitCode = 1
}

function printFailure({ seed, violation }) {
  const planted = seededFault === undefined ? '' : ` --seeded-fault "${seededFault}"`
  print(`FAILED ${violationText(violation)}`)
  print(`  replay: node test/simulation/campaign.mjs --seed ${seed} --trace${planted}`)
}

function printResult(
  { seeds, virtualMs, messages, steps, convergenceMsMax, failures },
  rare,
  seconds,
) {
  const hours = (virtualMs / 3_600_000).toFixed(1)
  print(
    `${String(seeds)} seeds, ${hours} virtual hours, ${String(messages)} messages, ` +
      `${String(steps)} steps in ${seconds.toFixed(1)} s; ${String(failures.length)} failed; ` +
      `recovered within ${(convergenceMsMax / 1000).toFixed(1)} s`,
  )
  for (const marker of rare) print(`NOT SEEN ${values.markers} TIMES: ${marker}`)
}

function print(line) {
  process.stdout.write(`${line}\n`)
}
