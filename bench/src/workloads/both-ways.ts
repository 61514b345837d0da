import { figure } from '../results/summary.js'
import { type Entrant, Rounds } from '../rounds.js'
import { TwoWayPair } from '../traffic/two-way-pair.js'
import { TWO_WAYS } from '../traffic/two-way-roles.js'
import type { Workload } from '../workload.js'

const WORKLOAD = '64 B'
const BYTES = 64
const CALIBRATION_MESSAGES = 2_000
const CALIBRATION_MS = 60
const NAMES = TWO_WAYS.map(({ name }) => name)
// NATS disconnects a subscriber that is too slow, and cannot slow down its publisher.
const WITHOUT = 'NATS'

export const bothWays: Workload = {
  name: 'both-ways',
  async run({ plan, progress }) {
    const rounds = new Rounds(plan, progress)
    const pairs: TwoWayPair[] = []
    const entrants: Entrant[] = []
    try {
      for (const name of NAMES.filter((each) => each !== WITHOUT)) {
        progress(`starting ${name}`)
        const pair = await TwoWayPair.start(name)
        pairs.push(pair)
        const messages = await calibrate(pair, plan.roundMs)
        entrants.push({
          name,
          round: async () => (2000 * messages) / (await pair.exchange(BYTES, messages)),
        })
      }
      const values = await rounds.measure(WORKLOAD, entrants)
      const base = values.get(NAMES[0] ?? '')
      return {
        name: 'both-ways',
        title: 'One link, both ways at once',
        about:
          'Both ends send as fast as they can over one connection. The figure counts the messages of both directions.',
        baseline: NAMES[0],
        figures: [...values].map(([name, each]) => figure(WORKLOAD, name, 'msg/s', each, base)),
        targets: [],
        notes: [],
        load: rounds.load,
      }
    } finally {
      for (const pair of pairs) await pair.stop()
    }
  },
}

async function calibrate(pair: TwoWayPair, roundMs: number): Promise<number> {
  let messages = CALIBRATION_MESSAGES
  for (;;) {
    const tookMs = await pair.exchange(BYTES, messages)
    if (tookMs >= Math.min(CALIBRATION_MS, roundMs)) {
      return Math.max(1, Math.round((messages * roundMs) / tookMs))
    }
    messages *= 3
  }
}
