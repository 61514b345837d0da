// Runs seeds of the simulator on the built packages.
//
//   node test/simulation/campaign.mjs --seeds 2000 --from 0     many seeds
//   node test/simulation/campaign.mjs --seed 17 --trace         one seed, with everything that happened
//   … --markers 10                                              how often each marker must have been seen
//   … --canary "no drain is told"                               with a bug planted
//   … --json                                                    the result for a program
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { builtPackages } from './built-packages.mjs'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    canary: { type: 'string' },
    markers: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
})

const { codec, runCampaign, simulate, violationText } = await builtPackages(values.canary)

if (values.seed === undefined) await many()
else await one(values.seed)

async function one(seed) {
  const result = await simulate({ seed, codec, ...(values.trace ? { read: print } : {}) })
  print(`seed ${result.seed}: trace hash ${result.hash}, ${String(result.messages)} messages`)
  if (result.violation === undefined) return
  tellFailure(result)
  process.exitCode = 1
}

async function many() {
  // Refused sends and dials are errors by the thousand, and nobody reads where they come from.
  Error.stackTraceLimit = 0
  const startedMs = performance.now()
  const hashes = []
  const result = await runCampaign({
    codec,
    from: Number(values.from),
    seeds: Number(values.seeds),
    told: (seed) => {
      hashes.push(seed.hash)
      if (seed.violation !== undefined && !values.json) tellFailure(seed)
      return true
    },
  })
  const seconds = (performance.now() - startedMs) / 1000
  const rare = result.markers.below(Number(values.markers))
  if (values.json) {
    const failures = result.failures.map(({ violation }) => violationText(violation))
    print(JSON.stringify({ ...result, failures, hashes, rare, seconds }))
  } else {
    tell(result, rare, seconds)
  }
  if (result.failures.length > 0 || rare.length > 0) process.exitCode = 1
}

function tellFailure({ seed, violation }) {
  const canary = values.canary === undefined ? '' : ` --canary "${values.canary}"`
  print(`FAILED ${violationText(violation)}`)
  print(`  replay: node test/simulation/campaign.mjs --seed ${seed} --trace${canary}`)
}

function tell({ seeds, virtualMs, messages, steps, convergenceMsMax, failures }, rare, seconds) {
  const hours = (virtualMs / 3_600_000).toFixed(1)
  print(
    `${String(seeds)} seeds, ${hours} virtual hours, ${String(messages)} messages, ` +
      `${String(steps)} steps in ${seconds.toFixed(1)} s; ${String(failures.length)} failed; ` +
      `in order after at most ${(convergenceMsMax / 1000).toFixed(1)} s`,
  )
  for (const marker of rare) print(`NOT SEEN ${values.markers} TIMES: ${marker}`)
}

function print(line) {
  process.stdout.write(`${line}\n`)
}
