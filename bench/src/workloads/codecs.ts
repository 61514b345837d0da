import {
  codecContender,
  COMPARED_CODECS,
  DELIMITED_CODECS,
} from '../contenders/commloop-with-codec.js'
import { commloop } from '../contenders/commloop.js'
import type { Figure } from '../results/result.js'
import { atLeast, ratioOf } from '../results/targets.js'
import { Rounds } from '../rounds.js'
import type { Workload } from '../workload.js'
import { ComparedPairs } from './compared-pairs.js'

const SIZES = [
  { name: '64 B', bytes: 64, codecs: COMPARED_CODECS },
  { name: '256 B', bytes: 256, codecs: DELIMITED_CODECS },
  { name: '1 KiB', bytes: 1024, codecs: COMPARED_CODECS },
] as const

export const codecs: Workload = {
  name: 'codecs',
  async run(context) {
    const pairs = new ComparedPairs(context)
    const rounds = new Rounds(context.plan, context.progress)
    const figures: Figure[] = []
    const compared = [...COMPARED_CODECS, ...DELIMITED_CODECS]
    const others = compared.map(({ codec }) => ({ name: codecContender(codec) }))
    try {
      await pairs.start([commloop, ...others])
      for (const { name, bytes } of SIZES) {
        figures.push(...(await pairs.measure(name, bytes, commloop.name, rounds)))
      }
    } finally {
      await pairs.stop()
    }
    return {
      name: 'codecs',
      title: 'Other codecs, one way',
      about: 'One link, as above. The baseline is commloop with its default codec, len16.',
      baseline: commloop.name,
      figures,
      targets: SIZES.flatMap(({ name, codecs: judged }) =>
        judged.map(({ codec, share }) => {
          const ratio = ratioOf(figures, name, codecContender(codec))
          return atLeast(`${codec}, one way, ${name}`, share, ratio, 'default codec')
        }),
      ),
      notes: pairs.notes,
      load: rounds.load,
    }
  },
}
