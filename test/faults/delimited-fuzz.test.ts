import { CommloopError } from '@commloop/core'
import { SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { DelimitedCodec } from '@commloop/codec-delimited'
import {
  alphabetOf,
  cutAtRandom,
  decoded,
  encoded,
  FUZZED,
  fuzzDelimiters,
  randomBytes,
  randomStream,
} from './delimited-fuzz.js'
import { naivelyDecoded } from './naive-delimited.js'

const ENDS = [
  'whole',
  'CML_ERR_FRAME_TRUNCATED',
  'CML_ERR_FRAME_INVALID',
  'CML_ERR_FRAME_CHECKSUM',
  'CML_ERR_FRAME_TOO_LARGE',
]

describe('the delimited codec with random options and streams', () => {
  it('decodes like a naive decoder, whatever the cuts', () => {
    const { bytes, ends, mismatches } = fuzzDelimiters(1e6, 20_260_103)
    expect(mismatches).toEqual([])
    expect(bytes).toBeGreaterThanOrEqual(1e6)
    expect(Object.keys(ends).sort()).toEqual([...ENDS].sort())
  })

  it.each(Object.entries(FUZZED))(
    'encodes exactly the payloads that come back, with %s',
    (name, options) => {
      const random = new SeededRandom(`encode ${name}`)
      const codec = new DelimitedCodec({ ...options, maxPayload: 40 })
      let carried = 0
      for (let round = 0; round < 600; round++) {
        const payload = randomBytes(random.pick([3, 40]), alphabetOf(options), random)
        const hex = Buffer.from(payload).toString('hex')
        try {
          const frame = encoded(codec, payload)
          const both = Buffer.concat([frame, frame])
          expect(naivelyDecoded(options, both)).toEqual({ payloads: [hex, hex], end: undefined })
          carried++
        } catch (error) {
          if (!CommloopError.is(error)) throw error
          expect(error.code).toBe('CML_ERR_PAYLOAD_INVALID')
        }
      }
      expect(carried).toBeGreaterThan(30)
    },
  )

  it.each(Object.entries(FUZZED))(
    'hunts in the same way whatever the cuts, with %s',
    (name, options) => {
      const random = new SeededRandom(`hunt ${name}`)
      for (let round = 0; round < 300; round++) {
        const hunting = { ...options, maxPayload: random.pick([8, 40]), resync: 'hunt' } as const
        const codec = new DelimitedCodec(hunting)
        const stream = randomStream(hunting, codec, random)
        const whole = decoded(codec, [stream])
        expect(
          decoded(codec, cutAtRandom(stream, random)),
          Buffer.from(stream).toString('hex'),
        ).toEqual(whole)
      }
    },
  )
})
