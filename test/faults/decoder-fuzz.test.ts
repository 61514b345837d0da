import { describe, expect, it } from 'vitest'
import { fuzzDecoder } from './decoder-fuzz.js'

/** `FUZZ_BYTES=1e8` for the long form; `FUZZ_SEED` for another one, or to repeat what has failed. */
const bytes = Number(process.env['FUZZ_BYTES'] ?? 5e6)
const seed = Number(process.env['FUZZ_SEED'] ?? 20_260_101)

describe('random bytes, randomly cut', () => {
  it(`are read as by an obvious decoder: ${String(bytes)} bytes, seed ${String(seed)}`, () => {
    const figures = fuzzDecoder({ bytes, seed })
    expect(figures.mismatches).toEqual([])
    expect(figures.bytes).toBeGreaterThanOrEqual(bytes)
    expect(figures.frames).toBeGreaterThan(1_000)
    // Every way in which a stream can end has been compared.
    for (const count of Object.values(figures.ends)) expect(count).toBeGreaterThan(0)
  })

  it('are the same again from the same seed', () => {
    expect(fuzzDecoder({ bytes: 1e5, seed: 7 })).toEqual(fuzzDecoder({ bytes: 1e5, seed: 7 }))
  })
})
