import { describe, expect, it } from 'vitest'
import {
  framingDiagnosis,
  isFramedBy,
  type LengthLayout,
  type OwnFraming,
} from '../../src/index.js'

/** A codec of another package, with a length of four bytes in front of each payload. */
const LEN32: LengthLayout = { lengthBytes: 4, byteOrder: 'big', countsHeader: false }
const OWN: OwnFraming = {
  fits: (opening) => isFramedBy(LEN32, opening),
  advice: ({ lengthBytes }) => `set lengthBytes: ${String(lengthBytes)}`,
}

function diagnosis(hex: string): string | undefined {
  return framingDiagnosis(Buffer.from(hex, 'hex'), OWN)
}

describe('the diagnosis for another codec', () => {
  it('says nothing if the frames are those of the codec', () => {
    expect(diagnosis('00000003616263')).toBeUndefined()
  })

  it('gives the advice of the codec for another length', () => {
    expect(diagnosis('0003616263')).toBe(
      "the peer's first bytes (00 03 61 62 63) look like a length of two bytes, big endian: set lengthBytes: 2",
    )
  })

  it('recognises protocols without a length of that kind', () => {
    expect(diagnosis(Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex'))).toContain(
      'look like an HTTP request:',
    )
  })
})
