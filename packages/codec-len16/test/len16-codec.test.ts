import { describe, expect, it } from 'vitest'
import { Len16Codec, type Len16Options } from '../src/index.js'
import { decode, frameOf, hexOf, payloadOf } from '@commloop/test-support/byte-stream'

const BOUNDARIES = [0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65534, 65535]
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

describe('the bytes on the wire', () => {
  const framed = (payload: string, options?: Len16Options): string =>
    Buffer.from(frameOf(new Len16Codec(options), text(payload))).toString('hex')

  it('are two bytes of length, big endian, then the payload', () => {
    expect(framed('abc')).toBe('0003616263')
    expect(framed('foo')).toBe('0003666f6f')
    expect(framed('')).toBe('0000')
    expect(framed('x'.repeat(0x1234)).slice(0, 6)).toBe('123478')
  })

  it('contain a little-endian length if byteOrder is little', () => {
    expect(framed('abc', { byteOrder: 'little' })).toBe('0300616263')
    expect(framed('x'.repeat(0x1234), { byteOrder: 'little' }).slice(0, 6)).toBe('341278')
  })

  it('include the header in the length with lengthIncludesHeader', () => {
    const counted = { lengthIncludesHeader: true }
    expect(framed('abc', counted)).toBe('0005616263')
    expect(framed('', counted)).toBe('0002')
    expect(framed('abc', { ...counted, byteOrder: 'little' })).toBe('0500616263')
    expect(framed('x'.repeat(65533), counted).slice(0, 6)).toBe('ffff78')
  })

  it.each(BOUNDARIES)('encode and decode a payload of %i bytes', (bytes) => {
    const codec = new Len16Codec()
    const payload = payloadOf(bytes)
    const frame = frameOf(codec, payload)
    expect(frame.length).toBe(bytes + 2)
    expect([frame[0], frame[1]]).toEqual([bytes >> 8, bytes & 0xff])
    expect(hexOf(decode(codec, [frame]))).toEqual(hexOf([payload]))
  })
})

describe('encode', () => {
  it('writes at the offset and changes nothing else', () => {
    const into = new Uint8Array(9).fill(0xee)
    expect(new Len16Codec().encode(text('abc'), into, 2)).toBe(7)
    expect(Buffer.from(into).toString('hex')).toBe('eeee0003616263eeee')
  })

  it('uses exactly the room that frameBytesMax announces', () => {
    const codec = new Len16Codec({ lengthIncludesHeader: true })
    expect(codec.frameBytesMax(0)).toBe(2)
    expect(codec.frameBytesMax(65533)).toBe(65535)
  })

  it('writes the same as `header`', () => {
    for (const options of [{}, { byteOrder: 'little' }, { lengthIncludesHeader: true }] as const) {
      const codec = new Len16Codec(options)
      const header = new Uint8Array(codec.header.bytes + 1)
      codec.header.write(0x1234, header, 1)
      expect(header.subarray(1)).toEqual(frameOf(codec, payloadOf(0x1234)).subarray(0, 2))
    }
  })

  it.each([
    [65536, {}],
    [65534, { lengthIncludesHeader: true }],
    [101, { maxPayload: 100 }],
  ] as const)('refuses %i bytes with %o and writes nothing', (bytes, options) => {
    const codec = new Len16Codec(options)
    const into = new Uint8Array(bytes + 2).fill(0xee)
    const tooLarge = expect.objectContaining({
      code: 'CML_ERR_PAYLOAD_TOO_LARGE',
      message: `a payload of ${String(bytes)} bytes is above the limit of ${String(bytes - 1)}`,
    }) as Error
    expect(() => codec.encode(new Uint8Array(bytes), into, 0)).toThrow(tooLarge)
    expect(() => {
      codec.header.write(bytes, into, 0)
    }).toThrow(tooLarge)
    expect(into.every((byte) => byte === 0xee)).toBe(true)
    expect(codec.encode(new Uint8Array(bytes - 1), into, 0)).toBe(bytes + 1)
  })
})

describe('options', () => {
  it.each([
    [{}, 65535],
    [{ lengthIncludesHeader: true }, 65533],
    [{ maxPayload: 1 }, 1],
    [{ maxPayload: '4KiB' }, 4096],
    [{ maxPayload: 65533, lengthIncludesHeader: true }, 65533],
    [{ maxPayload: undefined, byteOrder: undefined }, 65535],
  ])('%o allow %i bytes', (options, bytes) => {
    expect(new Len16Codec(options as Len16Options).payloadBytesMax).toBe(bytes)
  })

  it.each([
    [{ byteOrder: 'middle' }, "byteOrder: expected 'big' or 'little', found \"middle\""],
    [{ lengthIncludesHeader: 'yes' }, 'lengthIncludesHeader: expected true or false, found "yes"'],
    [{ maxPayload: 0 }, 'maxPayload: expected a size of 1 to 65535 bytes, found 0'],
    [{ maxPayload: 65536 }, 'maxPayload: expected a size of 1 to 65535 bytes, found 65536'],
    [{ maxPayload: '64KiB' }, 'maxPayload: expected a size of 1 to 65535 bytes, found "64KiB"'],
    [{ maxPayload: 1.5 }, 'maxPayload: expected a size of 1 to 65535 bytes, found 1.5'],
    [{ maxPayload: Symbol('much') }, 'a size of 1 to 65535 bytes, found a symbol'],
    [{ maxPayload: null }, 'maxPayload: expected a size of 1 to 65535 bytes, found nothing'],
    [{ maxPayload: 65534, lengthIncludesHeader: true }, 'a size of 1 to 65533 bytes, found 65534'],
    [{ emptyFrames: 'drop' }, "emptyFrames: expected 'deliver' or 'reject', found \"drop\""],
    [{ byteorder: 'big' }, 'byteorder: unknown option. Did you mean "byteOrder"?'],
  ])('%o are rejected with an explanation', (options, message) => {
    expect(() => new Len16Codec(options as unknown as Len16Options)).toThrow(
      expect.objectContaining({
        code: 'CML_ERR_CONFIG_INVALID',
        message: expect.stringContaining(message) as string,
      }) as Error,
    )
  })
})
