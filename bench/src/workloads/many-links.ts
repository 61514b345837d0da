import { commloop } from '../contenders/commloop.js'
import { raw } from '../contenders/raw.js'
import { atLeast, ratioOf } from '../results/targets.js'
import { Rounds } from '../rounds.js'
import type { Workload } from '../workload.js'
import { ComparedPairs } from './compared-pairs.js'

const WORKLOAD = '64 B'
const SHARE = 0.7
/** The smaller number of links, as a share of the larger. */
const FEWER = 0.1

export const manyLinks: Workload = {
  name: 'many-links',
  async run(context) {
    const pairs = new ComparedPairs(context)
    const rounds = new Rounds(context.plan, context.progress)
    const many = context.plan.manyLinks
    const few = Math.round(many * FEWER)
    const most = `commloop, ${String(many)} links`
    const fewOfAll = `${String(few)} of ${String(context.plan.idleLinks)}`
    try {
      await pairs.start([
        { name: commloop.name },
        { name: `commloop, ${String(few)} links`, lanes: few },
        { name: most, lanes: many },
        { name: raw.name },
        { name: `raw, ${String(many)} sockets`, lanes: many },
        { name: `commloop, ${fewOfAll} links`, lanes: few },
        { name: `raw, ${fewOfAll} sockets`, lanes: few },
      ])
      const figures = await pairs.measure(WORKLOAD, 64, commloop.name, rounds)
      return {
        name: 'many-links',
        title: 'Many links at once',
        about:
          'Two nodes with all links between them. A router that reads the payload distributes the messages. The sender fills ' +
          'each link until `send` returns false, and continues when the link drains; the high-water mark is 64 KiB. In rows with ' +
          '“of”, the other links are up too and carry no messages.',
        baseline: commloop.name,
        figures,
        targets: [
          atLeast(
            `${String(many)} links, 64 B`,
            SHARE,
            ratioOf(figures, WORKLOAD, most),
            'one-link total',
          ),
        ],
        notes: pairs.notes,
        load: rounds.load,
      }
    } finally {
      await pairs.stop()
    }
  },
}
