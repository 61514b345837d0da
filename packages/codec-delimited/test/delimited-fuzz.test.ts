import { CommloopError } from '@commloop/core'
import { SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { DelimitedCodec } from '../src/index.js'
import {
  alphabetOf,
  cutAtRandom,
  decoded,
  FUZZED,
  fuzzOnce,
  randomBytes,
  randomStream,
} from './differential-fuzz.js'
import { naivelyDecoded } from './naive-decoder.js'
import { encoded } from './one-stream.js'

const CASES = 12_000

describe('the delimited codec with random options and streams', () => {
  it('decodes like a naive decoder, whatever the cuts', () => {
    for (let seed = 0; seed < CASES; seed++) fuzzOnce(String(seed))
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
