import { describe, expect, it } from 'vitest'
import { hl7Key, isoKey, mbapKey, smppKey } from '../src/index.js'

function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
}
function text(characters: string): Uint8Array {
  return Uint8Array.from(Buffer.from(characters, 'latin1'))
}

describe('mbapKey', () => {
  it('is the transaction identifier of request and answer', () => {
    expect(mbapKey(hex('12 34 00 00 00 06 01 03 00 00 00 01'))).toBe(0x1234)
    expect(mbapKey(hex('12 34 00 00 00 05 01 03 02 00 2a'))).toBe(0x1234)
    expect(mbapKey(hex('12'))).toBeUndefined()
  })
})

describe('smppKey', () => {
  const submit = hex('00000010 00000004 00000000 00000007')
  it('is the same for a response, and another one for a request of the peer with this number', () => {
    expect(smppKey(submit)).toBe('4 7')
    expect(smppKey(hex('00000010 80000004 00000000 00000007'))).toBe('4 7')
    expect(smppKey(hex('00000010 00000005 00000000 00000007'))).toBe('5 7')
    expect(smppKey(submit.subarray(0, 15))).toBeUndefined()
  })
  it('reads a view that does not begin at the start of its buffer', () => {
    const shifted = new Uint8Array(20)
    shifted.set(submit, 3)
    expect(smppKey(shifted.subarray(3, 19))).toBe('4 7')
  })
})

describe('hl7Key', () => {
  it('is MSH-10 of a message and MSA-2 of its acknowledgement', () => {
    const message = 'MSH|^~\\&|LAB|A|HIS|B|202601011200||ORU^R01|ID-42|P|2.5\rPID|1\r'
    const answer = 'MSH|^~\\&|HIS|B|LAB|A|202601011200||ACK|ID-9|P|2.5\rMSA|AA|ID-42\r'
    expect(hl7Key(text(message))).toBe('ID-42')
    expect(hl7Key(text(answer))).toBe('ID-42')
  })
  it('takes the separator that the message declares', () => {
    expect(hl7Key(text('MSH#^~\\&#a#b#c#d#e##ACK#7#P#2.5\rMSA#AE#42'))).toBe('42')
  })
  it.each(['', 'MSH', 'PID|1', 'MSH|^~\\&|LAB', 'MSH|^~\\&|a|b|c|d|e||ACK||P'])(
    'finds none in %j',
    (message) => {
      expect(hl7Key(text(message))).toBeUndefined()
    },
  )
})

describe('isoKey', () => {
  const key = isoKey([11, 41])
  it('joins the fields, which a response repeats', () => {
    expect(key(text('08002020000000800000000000000001'.concat('29110001')))).toBe('000001|29110001')
    expect(key(text('0810202000000280000000000000000100'.concat('29110001')))).toBe(
      '000001|29110001',
    )
  })
  it('steps over fields of a size that the message says, and a second bitmap', () => {
    // Fields 1, 2 (16 digits), 3, 11, 35 (5 characters), 41.
    const bitmap = 'e0200000208000000000000000000000'
    const fields = `16411111111111111100000000012305ABCDETERM0001`
    expect(key(text(`0200${bitmap}${fields}`))).toBe('000123|TERM0001')
  })
  it('reads a binary bitmap behind a TPDU', () => {
    const tpdu = hex('60 00 01 00 00')
    const bitmap = hex('20 20 00 00 00 80 00 00')
    const message = [...tpdu, ...text('0800'), ...bitmap, ...text('00000000000129110001')]
    const behind = isoKey([11, 41], { offset: 5, bitmap: 'binary' })
    expect(behind(Uint8Array.from(message))).toBe('000001|29110001')
  })
  it.each([
    '',
    '0800',
    '0800zz20000000800000',
    '08002020000000800000000000000001',
    '02006000000000000000xx41',
  ])('finds none in %j', (message) => {
    expect(key(text(message))).toBeUndefined()
  })
  it('rejects a number that is not a field', () => {
    expect(() => isoKey([1])).toThrow('isoKey: field 1 is not a number from 2 to 64')
    expect(() => isoKey([11, 65])).toThrow(RangeError)
  })
})
