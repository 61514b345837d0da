import { ratioOf } from '../results/targets.js'
import { Rounds } from '../rounds.js'
import type { Workload } from '../workload.js'
import { ComparedPairs } from './compared-pairs.js'

const WORKLOAD = '64 B'
const SHARE = 0.9

export const tableSize: Workload = {
  name: 'table-size',
  async run(context) {
    const pairs = new ComparedPairs(context)
    const rounds = new Rounds(context.plan, context.progress)
    const large = context.plan.idleLinks
    const names = [1, Math.round(large / 100), large].map(
      (entries) => `commloop, ${String(entries)} entries`,
    )
    const [one = '', , most = ''] = names
    try {
      await pairs.start(names.map((name) => ({ name })))
      const figures = await pairs.measure(WORKLOAD, 64, one, rounds)
      const ratio = ratioOf(figures, WORKLOAD, most)
      return {
        name: 'table-size',
        title: 'The size of the table',
        about:
          'One link carries traffic. The other entries of both tables are passive, and no peer connects to them.',
        baseline: one,
        figures,
        targets: [
          {
            what: `${String(large)} entries, 64 B`,
            limit: 'within 10 % of one entry',
            measured: ratio.toFixed(2),
            held: ratio >= SHARE,
          },
        ],
        notes: pairs.notes,
        load: rounds.load,
      }
    } finally {
      await pairs.stop()
    }
  },
}
