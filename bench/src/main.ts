import { oneWay } from './workloads/one-way.js'
import { PLANS } from './plan.js'
const r = await oneWay.run({ plan: PLANS[(process.argv[2] ?? 'short') as 'short'], progress: (t) => process.stderr.write(`\r\x1b[K${t}`) })
process.stderr.write('\n')
for (const f of r.figures) console.log(f.workload.padEnd(12), f.contender.padEnd(24), f.median.toFixed(0).padStart(10), (f.ratio ?? 0).toFixed(2), f.min.toFixed(0), f.max.toFixed(0))
console.log(r.targets, r.notes, r.load)
process.exit(0)
