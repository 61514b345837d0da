import { commloopRelay, RELAY_LANES, rawRelay } from '../contenders/relays.js'
import { atLeast, ratioOf } from '../results/targets.js'
import { Rounds } from '../rounds.js'
import type { Workload } from '../workload.js'
import { ComparedPairs } from './compared-pairs.js'

const SIZES = [
  { name: '64 B', bytes: 64 },
  { name: '1 KiB', bytes: 1024 },
] as const
const SHARE = 0.7

export const relay: Workload = {
  name: 'relay',
  async run(context) {
    const pairs = new ComparedPairs(context)
    const rounds = new Rounds(context.plan, context.progress)
    const contenders = [rawRelay, commloopRelay]
    try {
      await pairs.start(contenders.map(({ name }) => ({ name, lanes: RELAY_LANES })))
      const figures = []
      for (const { name, bytes } of SIZES) {
        figures.push(...(await pairs.measure(name, bytes, rawRelay.name, rounds)))
      }
      return {
        name: 'relay',
        title: 'Relay',
        about: contenders.map(({ name, about }) => `- **${name}**: ${about}`).join('\n'),
        baseline: rawRelay.name,
        figures,
        targets: [
          atLeast('relay, 64 B', SHARE, ratioOf(figures, '64 B', commloopRelay.name), 'raw relay'),
        ],
        notes: [...pairs.notes, 'Three processes share the CPUs of this machine.'],
        load: rounds.load,
      }
    } finally {
      await pairs.stop()
    }
  },
}
