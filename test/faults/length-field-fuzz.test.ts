import { describe, expect, it } from 'vitest'
import { fuzzLengthFields } from './length-field-fuzz.js'

const ENDS = [
  'whole',
  'CML_ERR_FRAME_TRUNCATED',
  'CML_ERR_FRAME_INVALID',
  'CML_ERR_FRAME_CHECKSUM',
  'CML_ERR_FRAME_TOO_LARGE',
]

describe('the decoder of length fields', () => {
  it('reads frames, damaged frames and garbage as an obvious decoder does', () => {
    const { bytes, ends, mismatches } = fuzzLengthFields(1e6, 20_260_102)
    expect(mismatches).toEqual([])
    expect(bytes).toBeGreaterThanOrEqual(1e6)
    expect(Object.keys(ends).sort()).toEqual([...ENDS].sort())
  })
})
