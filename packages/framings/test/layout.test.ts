import { describe, expect, it } from 'vitest'
import { hexBytes, Layout, layoutOf, Stamp } from '../src/index.js'

const HELLO = new TextEncoder().encode('hello')
/** 2025-09-29 10:11:12 UTC */
const MADE_MS = Date.UTC(2025, 8, 29, 10, 11, 12)
const utcStamp = (first?: number): Stamp => {
  return new Stamp(() => MADE_MS, { zone: 'utc', ...(first === undefined ? {} : { first }) })
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const bytes = (characters: string): Uint8Array => Buffer.from(characters, 'latin1')

const TELEGRAM = layoutOf('telegram-40')

describe('a layout', () => {
  it('writes the telegram of 40 bytes as its drawing shows it, with a length that the codec fills', () => {
    const fields = { id: 'TEST', sender: 'L3', receiver: 'L2' }
    const payload = TELEGRAM.write(fields, HELLO, utcStamp(114_514))
    expect(text(payload)).toBe('0000TEST20250929101112L3L2114514        hello')
    expect(TELEGRAM.headerBytes).toBe(40)
  })

  it('writes the telegram of 29 bytes as a message of data', () => {
    const layout = layoutOf('telegram-29')
    const fields = { id: 'M2S201', sender: 'M2', receiver: 'S2' }
    const payload = layout.write(fields, HELLO, utcStamp())
    expect(text(payload)).toBe('0000M2S20120250929101112M2S2Dhello')
    expect(layout.read(payload)).toMatchObject({ id: 'M2S201', function: 'D', body: HELLO })
  })

  it('reads what it has written, as texts and numbers', () => {
    const fields = { id: 'AA01', sender: 'L', receiver: 'L2', spare: ' x' }
    const payload = TELEGRAM.write(fields, HELLO, utcStamp(17))
    expect({ ...TELEGRAM.read(payload) }).toEqual({
      length: 0,
      id: 'AA01',
      date: '20250929',
      time: '101112',
      sender: 'L',
      receiver: 'L2',
      sequence: 17,
      spare: ' x',
      body: HELLO,
    })
  })

  it('writes a telegram again with the fields that were read, and uses no number for it', () => {
    const stamp = utcStamp()
    const { length, body, ...fields } = TELEGRAM.read(
      bytes('0045TEST20240229235960L3L2000042        hello'),
    )
    expect(length).toBe(45)
    const again = TELEGRAM.write(fields, body, stamp)
    expect(text(again)).toBe('0000TEST20240229235960L3L2000042        hello')
    expect(stamp.next()).toBe(1)
  })

  it('reads one field, without reading the others', () => {
    const id = TELEGRAM.field('id')
    const sequence = TELEGRAM.field('sequence')
    const payload = bytes('????AA01????????\xff\xff\xff\xff\xff\xff????    17????????')
    expect(id(payload)).toBe('AA01')
    expect(sequence(payload)).toBe(17)
    expect(() => id(bytes('0004'))).toThrow('the payload has 4 bytes, and its header has 40')
    expect(() => TELEGRAM.field('sendr')).toThrow(
      'field sendr: unknown field. Did you mean "sender"?',
    )
  })

  it('names each field that it cannot read, its bytes, and what was expected', () => {
    const payload = bytes(
      '00x5TEST20250230246060\xc3\x28L2      \x20\x20\x20\x20\x20\x20\x20\x20hello',
    )
    const reading = (): unknown => TELEGRAM.read(payload)
    expect(reading).toThrow(expect.objectContaining({ code: 'CML_ERR_PAYLOAD_INVALID' }))
    for (const problem of [
      'length (bytes 0 to 3): expected a whole number of up to 4 digits, found "00x5"',
      'date (bytes 8 to 15): expected 8 digits YYYYMMDD, found "20250230"',
      'time (bytes 16 to 21): expected 6 digits HHMMSS, found "246060"',
      'sender (bytes 22 to 23): expected printable ASCII characters, found the bytes c3 28',
      'sequence (bytes 26 to 31): expected a whole number of up to 6 digits, found "      "',
    ]) {
      expect(reading).toThrow(problem)
    }
  })

  it('names each field that it cannot write, and then uses no number', () => {
    const stamp = utcStamp()
    const fields = {
      id: 'A 01',
      sendr: 'L3',
      receiver: 'LLL',
      length: 45,
      date: 20_250_931,
      sequence: 1_000_000,
      spare: 'é',
    }
    const writing = (): unknown => TELEGRAM.write(fields, HELLO, stamp)
    expect(writing).toThrow(expect.objectContaining({ code: 'CML_ERR_PAYLOAD_INVALID' }))
    for (const problem of [
      '"sendr": unknown field. Did you mean "sender"?',
      'length (bytes 0 to 3): the codec writes it, so a message cannot give it',
      'id (bytes 4 to 7): expected 4 printable ASCII characters without blanks, found "A 01"',
      'date (bytes 8 to 15): expected 8 digits YYYYMMDD, found 20250931',
      'sender (bytes 22 to 23): expected up to 2 printable ASCII characters, found no value and no standard value',
      'receiver (bytes 24 to 25): expected up to 2 printable ASCII characters, found "LLL"',
      'sequence (bytes 26 to 31): expected a whole number from 1 to 999999, found 1000000',
      'spare (bytes 32 to 39): expected up to 8 printable ASCII characters, found "é"',
    ]) {
      expect(writing).toThrow(problem)
    }
    expect(stamp.next()).toBe(1)
  })

  it.each([
    ['id', 'AA0'],
    ['id', null],
    ['id', ['AA01']],
    ['sender', 12],
    ['sender', 'a\n'],
    ['sequence', 0],
    ['sequence', 1.5],
    ['sequence', -1],
    ['sequence', '1e3'],
    ['sequence', ''],
    ['date', '2025-9-1'],
    ['date', '20250229'],
    ['time', '240000'],
    ['time', 91_112],
    ['toString', 'x'],
    ['__proto__', 'x'],
  ])('rejects %s: %j', (name, value) => {
    const fields = Object.fromEntries([
      ...Object.entries({ id: 'AA01', sender: 'L3', receiver: 'L2' }),
      [name, value],
    ]) as Record<string, unknown>
    expect(() => TELEGRAM.write(fields, HELLO, utcStamp())).toThrow(
      expect.objectContaining({ code: 'CML_ERR_PAYLOAD_INVALID' }),
    )
  })

  it('accepts the digits of numbers, as a command line has them', () => {
    const fields = {
      id: 'AA01',
      sender: 'L3',
      receiver: 'L2',
      sequence: '000007',
      date: 20_000_229,
    }
    expect(text(TELEGRAM.write(fields, HELLO, utcStamp()))).toContain('20000229101112L3L2000007')
  })

  it('knows binary numbers and bytes of any value', () => {
    const describedAs = { text: 'x', textZh: 'x' }
    const layout = new Layout([
      { name: 'kind', bytes: 2, type: 'uint', ...describedAs },
      { name: 'raw', bytes: 3, type: 'bytes', standard: '00ff10', ...describedAs },
      { name: 'made', bytes: 14, type: 'datetime', ...describedAs },
    ])
    const payload = layout.write({ kind: 0xabcd }, HELLO, utcStamp())
    expect(payload.subarray(0, 5)).toEqual(hexBytes('abcd00ff10'))
    expect(layout.read(payload)).toMatchObject({
      kind: 0xabcd,
      raw: '00ff10',
      made: '20250929101112',
    })
    for (const wrong of [{ kind: 65_536 }, { kind: 1, raw: '00ff1' }, { kind: 1, raw: '00fg10' }]) {
      expect(() => layout.write(wrong, HELLO, utcStamp())).toThrow('expected')
    }
  })

  it('accepts the largest decimal number that fits, and not the next one', () => {
    const layout = new Layout([{ name: 'n', bytes: 2, type: 'decimal', text: 'x', textZh: 'x' }])
    expect(text(layout.write({ n: 99 }, HELLO, utcStamp()))).toBe('99hello')
    expect(() => layout.write({ n: 100 }, HELLO, utcStamp())).toThrow('up to 2 digits, found 100')
  })

  it.each(['20000229', '20240229', '20251231', '20250430'])('accepts the date %s', (date) => {
    const fields = { id: 'AA01', sender: 'L3', receiver: 'L2', date }
    expect(text(TELEGRAM.write(fields, HELLO, utcStamp()))).toContain(date)
  })

  it.each(['21000229', '20250229', '20250431', '20250100', '20251301', '20250001'])(
    'rejects the date %s',
    (date) => {
      const fields = { id: 'AA01', sender: 'L3', receiver: 'L2', date }
      expect(() => TELEGRAM.write(fields, HELLO, utcStamp())).toThrow('date (bytes 8 to 15)')
    },
  )

  it('takes date and time from one reading of the clock', () => {
    let readings = 0
    const stamp = new Stamp(() => MADE_MS + 1000 * readings++, { zone: 'utc' })
    TELEGRAM.write({ id: 'AA01', sender: 'L3', receiver: 'L2' }, HELLO, stamp)
    expect(readings).toBe(1)
  })

  it('is not found under another name', () => {
    expect(() => layoutOf('telegram-4' as 'telegram-40')).toThrow(
      'there is no layout "telegram-4": did you mean "telegram-40"?',
    )
    expect(() => layoutOf('toString' as 'telegram-40')).toThrow('known: telegram-40, telegram-29')
  })
})

describe('a stamp', () => {
  it('counts from the first number to the last, and begins again', () => {
    const stamp = new Stamp(() => MADE_MS, { first: 5, last: 7 })
    expect(Array.from({ length: 5 }, () => stamp.next())).toEqual([5, 6, 7, 5, 6])
  })

  it('wraps from 999999 to 000001 in a telegram', () => {
    const stamp = TELEGRAM.createStamp(() => MADE_MS, utcStamp(999_999))
    const numbers = Array.from({ length: 2 }, () => {
      const fields = { id: 'AA01', sender: 'L3', receiver: 'L2' }
      return text(TELEGRAM.write(fields, HELLO, stamp)).slice(26, 32)
    })
    expect(numbers).toEqual(['999999', '000001'])
  })

  it('continues from another stamp, unless the next number is outside of its limits', () => {
    const before = new Stamp(() => MADE_MS, { first: 10 })
    before.next()
    expect(new Stamp(() => MADE_MS, {}, before).next()).toBe(11)
    expect(new Stamp(() => MADE_MS, { first: 1, last: 9 }, before).next()).toBe(1)
  })

  it('has local time unless it is told to have UTC', () => {
    const date = new Date(2025, 0, 2, 3, 4, 5)
    const local = new Stamp(() => date.getTime())
    expect(local.time()).toBe('20250102030405')
    expect(utcStamp().time()).toBe('20250929101112')
  })
})
