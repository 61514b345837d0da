import { describe, expect, it } from 'vitest'
import { codecOf, DELIMITED_FRAMINGS } from './delimited-framings.js'
import { encoded, payloadsOf } from './one-stream.js'

describe.each(DELIMITED_FRAMINGS.map((framing) => [framing.name, framing] as const))(
  'the framing %s',
  (_, framing) => {
    const codec = codecOf(framing)

    it.each(framing.samples.map((sample) => [sample.about, sample] as const))(
      'has the golden bytes of %s',
      (_about, { frame, payload, encodes = payload }) => {
        const wire = Buffer.from(frame.replaceAll(' ', ''), 'hex')
        const content = Buffer.from(payload.replaceAll(' ', ''), 'hex')
        expect(payloadsOf(codec, [wire])).toEqual([content])
        const sent = Buffer.from(encodes.replaceAll(' ', ''), 'hex')
        expect(encoded(codec, sent).toString('hex')).toBe(wire.toString('hex'))
      },
    )
  },
)
