import { PLANS } from './plan.js'
import { WORKLOADS } from './workloads/all.js'
for (const w of WORKLOADS.filter((x) => process.argv.slice(3).length === 0 || process.argv.slice(3).includes(x.name))) {
  const r = await w.run({ plan: PLANS[(process.argv[2] ?? 'short') as 'short'], progress: () => undefined })
  for (const f of r.figures) console.log(f.workload.padEnd(12), f.contender.padEnd(24), f.unit.padEnd(20), f.median.toFixed(2).padStart(10), (f.ratio ?? 0).toFixed(2), f.min.toFixed(2), f.max.toFixed(2))
  console.log(r.targets, r.notes, r.load)
}
process.exit(0)
