import { commloop } from '../contenders/commloop.js'
import { CONTENDERS } from '../contenders/all.js'
import { raw } from '../contenders/raw.js'
import type { Figure } from '../results/result.js'
import { atLeast, ratioOf } from '../results/targets.js'
import { Rounds } from '../rounds.js'
import type { Workload } from '../workload.js'
import { ComparedPairs } from './compared-pairs.js'

const SIZES = [
  { name: '16 B', bytes: 16 },
  { name: '64 B', bytes: 64, share: 0.75 },
  { name: '1 KiB', bytes: 1024, share: 0.85 },
  { name: '16 KiB', bytes: 16 * 1024, share: 0.95 },
  // The largest payload of a length of two bytes.
  { name: '64 KiB − 1', bytes: 65_535, share: 0.95 },
] as const

export const oneWay: Workload = {
  name: 'one-way',
  async run(context) {
    const pairs = new ComparedPairs(context)
    const rounds = new Rounds(context.plan, context.progress)
    const figures: Figure[] = []
    try {
      await pairs.start(CONTENDERS)
      for (const { name, bytes } of SIZES) {
        figures.push(...(await pairs.measure(name, bytes, raw.name, rounds)))
      }
    } finally {
      await pairs.stop()
    }
    return {
      name: 'one-way',
      title: 'One link, one way',
      about: CONTENDERS.map(({ name, about }) => `- **${name}**: ${about}`).join('\n'),
      baseline: raw.name,
      figures,
      targets: SIZES.flatMap((size) =>
        'share' in size
          ? [
              atLeast(
                `one way, ${size.name}`,
                size.share,
                ratioOf(figures, size.name, commloop.name),
                'raw socket',
              ),
            ]
          : [],
      ),
      notes: pairs.notes,
      load: rounds.load,
    }
  },
}
