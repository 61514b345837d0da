import { PLANS } from './plan.js'
import { bothWays } from './workloads/both-ways.js'
import { manyLinks } from './workloads/many-links.js'
import { oneWay } from './workloads/one-way.js'
import { relay } from './workloads/relay.js'
import { roundTrip } from './workloads/round-trip.js'
import { tableSize } from './workloads/table-size.js'
const all = [oneWay, bothWays, roundTrip, manyLinks, relay, tableSize]
for (const w of all.filter((x) => process.argv.slice(3).length === 0 || process.argv.slice(3).includes(x.name))) {
  const r = await w.run({ plan: PLANS[(process.argv[2] ?? 'short') as 'short'], progress: () => undefined })
  for (const f of r.figures) console.log(f.workload.padEnd(12), f.contender.padEnd(24), f.unit.padEnd(20), f.median.toFixed(0).padStart(10), (f.ratio ?? 0).toFixed(2), f.min.toFixed(0), f.max.toFixed(0))
  console.log(r.targets, r.notes, r.load)
}
process.exit(0)
