import { describe, expect, it } from 'vitest'
import { checksum, CHECKSUM_NAMES, type ChecksumName, WrittenChecksum } from '../src/index.js'

/** What each checksum gives for the text 123456789: the CRCs as in the catalogue, the sums by hand. */
const CHECKS: Readonly<Record<ChecksumName, number>> = {
  'crc-8/smbus': 0xf4,
  'crc-8/maxim-dow': 0xa1,
  'crc-16/arc': 0xbb3d,
  'crc-16/modbus': 0x4b37,
  'crc-16/xmodem': 0x31c3,
  'crc-16/ibm-3740': 0x29b1,
  'crc-16/kermit': 0x2189,
  'crc-16/ibm-sdlc': 0x906e,
  'crc-32/iso-hdlc': 0xcbf43926,
  'sum-8': 0xdd,
  'sum-16': 0x01dd,
  'lrc-8': 0x23,
  'xor-8': 0x31,
  // Annex A of the standard prints the CRC of a whole message; framings.test.ts checks that.
  'crc-16/hj212': hj212('123456789'),
}

/** Annex A of HJ 212-2017, bit by bit. */
function hj212(text: string): number {
  let register = 0xffff
  for (const byte of Buffer.from(text)) {
    register = (register >>> 8) ^ byte
    for (let bit = 0; bit < 8; bit++) {
      const lowest = register & 1
      register >>>= 1
      if (lowest === 1) register ^= 0xa001
    }
  }
  return register
}

describe('checksums', () => {
  it.each(CHECKSUM_NAMES)('%s gives the value of the catalogue', (name) => {
    const text = Buffer.from('..123456789..')
    expect(checksum(name).of(text, 2, 11)).toBe(CHECKS[name])
  })

  it('of nothing are what the register begins with', () => {
    const nothing = CHECKSUM_NAMES.map((name) => checksum(name).of(new Uint8Array(4), 2, 2))
    expect(nothing).toEqual([0, 0, 0, 0, 0, 0, 0, 0xffff, 0, 0xffff, 0, 0, 0, 0xffff])
  })

  it('has none with an unknown name', () => {
    for (const name of ['crc-16', 'toString', '']) expect(checksum(name)).toBeUndefined()
  })
})

describe('a written checksum', () => {
  it.each([
    ['big', '1c80'],
    ['little', '801c'],
    ['hex', Buffer.from('1c80').toString('hex')],
    ['HEX', Buffer.from('1C80').toString('hex')],
  ] as const)('stands in the form %s as %s', (form, expected) => {
    const written = new WrittenChecksum(checksum('crc-16/modbus'), form)
    const into = new Uint8Array(8)
    expect(written.write(0x1c80, into, 2)).toBe(2 + written.bytes)
    expect(Buffer.from(into.subarray(2, 2 + written.bytes)).toString('hex')).toBe(expected)
    expect(written.stands(0x1c80, into, 2)).toBe(true)
    expect(written.stands(0x1c81, into, 2)).toBe(false)
  })

  it('keeps the highest bit of 32', () => {
    const written = new WrittenChecksum(checksum('crc-32/iso-hdlc'))
    const into = new Uint8Array(4)
    written.write(0xcbf43926, into, 0)
    expect([...into]).toEqual([0xcb, 0xf4, 0x39, 0x26])
    expect(written.stands(0xcbf43926, into, 0)).toBe(true)
  })

  it('is read with digits of either case, and with no other bytes', () => {
    const written = new WrittenChecksum(checksum('sum-8'), 'HEX')
    expect(written.stands(0xbf, Buffer.from('bF'), 0)).toBe(true)
    expect(written.stands(0x1f, Buffer.from([0x11, 0x46]), 0)).toBe(false)
  })
})
