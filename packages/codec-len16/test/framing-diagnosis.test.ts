import { describe, expect, it } from 'vitest'
import { Len16Codec, type Len16Options } from '../src/index.js'

type Bytes = string | Uint8Array

/** Bytes from hexadecimal digits with blanks. */
function hex(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

function diagnosis(opening: Bytes, options: Len16Options = {}): string | undefined {
  const bytes = typeof opening === 'string' ? Buffer.from(opening, 'latin1') : opening
  return new Len16Codec(options).createDecoder().diagnosis?.(bytes)
}

function framed(options: Len16Options, ...payloads: readonly string[]): Buffer {
  const codec = new Len16Codec(options)
  return Buffer.concat(
    payloads.map((payload) => {
      const bytes = Buffer.from(payload)
      const frame = Buffer.alloc(codec.frameBytesMax(bytes.length))
      codec.encode(bytes, frame, 0)
      return frame
    }),
  )
}

const BIG: Len16Options = {}
const LITTLE: Len16Options = { byteOrder: 'little' }
const COUNTING: Len16Options = { lengthIncludesHeader: true }
const BOTH: Len16Options = { ...LITTLE, ...COUNTING }

describe('the diagnosis of the first bytes', () => {
  it.each<readonly [string, Len16Options, Len16Options, string]>([
    ['the other byte order', LITTLE, BIG, 'set byteOrder: little in "codec"'],
    ['the other byte order', BIG, LITTLE, 'set byteOrder: big in "codec"'],
    ['a length that counts itself', COUNTING, BIG, 'set lengthIncludesHeader: true in "codec"'],
    ['a length of the payload only', BIG, COUNTING, 'set lengthIncludesHeader: false in "codec"'],
    ['both', BOTH, BIG, 'set byteOrder: little and lengthIncludesHeader: true in "codec"'],
    ['both', BIG, BOTH, 'set byteOrder: big and lengthIncludesHeader: false in "codec"'],
  ])('names the setting for %s', (_, spoken, set, advice) => {
    expect(diagnosis(framed(spoken, 'abc'), set)).toMatch(new RegExp(`: ${advice}$`))
    const several = framed(spoken, 'status', 'x'.repeat(300), 'over')
    expect(diagnosis(several.subarray(0, -2), set)).toMatch(new RegExp(`: ${advice}$`))
    // With the recommended setting, the stream can be read.
    const decoder = new Len16Codec(spoken).createDecoder()
    decoder.push(several)
    expect(Buffer.from(decoder.next() ?? []).toString()).toBe('status')
  })

  it.each<readonly [string, Bytes, string]>([
    ['four bytes, big endian', hex('00000003 616263'), 'a length of four bytes, big endian:'],
    ['four bytes, little endian', hex('03000000 616263'), 'a length of four bytes, little endian:'],
    [
      'four bytes that count themselves',
      hex('00000007 616263'),
      'a length of four bytes, big endian that counts itself:',
    ],
    ['TPKT', hex('0300000b 06e00000000000'), 'TPKT:'],
    ['a long TPKT', hex(`03000105 ${'ff'.repeat(257)}`), 'TPKT:'],
    ['a TLS handshake', hex('16030100f1 010000ed0303'), 'TLS: set tls here'],
    ['a long TLS handshake', hex('1603044000 01'), 'TLS: set tls here'],
    ['a TLS answer', hex('160303007a 02'), 'TLS: set tls here'],
    ['a TLS alert', hex('15030300020246'), 'TLS: set tls here'],
    ['an HTTP request', 'GET /status HTTP/1.1\r\nHost: a\r\n\r\n', 'an HTTP request:'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'an HTTP request:'],
    ['an HTTP answer', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'an HTTP answer:'],
    ['digits', '0005hello', 'a length in 4 ASCII digits:'],
    ['two digits', '05hello', 'a length in 2 ASCII digits:'],
    ['digits that count themselves', '0009hello', 'a length in 4 ASCII digits that counts itself:'],
    ['digits of which the rest is missing', '0120hello', 'a length in ASCII digits:'],
    ['a line that begins with digits', '220 ready\r\n', 'lines of text:'],
    ['STX and ETX', hex('02 616263 03 58'), 'text between STX and ETX:'],
    ['STX and ETX without a checksum', hex('02 616263 03'), 'text between STX and ETX:'],
    ['MLLP', hex('0b 4d5348 1c 0d'), 'MLLP:'],
    ['JSON', '{"type":"hello"}', 'JSON without a length:'],
    ['lines', 'SSH-2.0-OpenSSH_9.2\r\n', 'lines of text:'],
  ])('recognises %s', (_, opening, expected) => {
    expect(diagnosis(opening)).toContain(`look like ${expected}`)
  })

  it.each<readonly [string, Uint8Array]>([
    ['another version', hex('16020100f1 01')],
    ['a version that does not exist', hex('16030500f1 01')],
    ['application data', hex('17030300f1 01')],
    ['application data as short as an alert', hex('1703030002 02')],
    ['a record above the limit', hex('1603014100 01')],
    ['a handshake without a hello', hex('16030100f1 03')],
    ['an alert of three bytes', hex('1503030003 02')],
    ['an alert of 258 bytes', hex('1503030102 02')],
    ['an alert of a third level', hex('1503030002 03')],
  ])('does not take for TLS: %s', (_, opening) => {
    expect(diagnosis(opening) ?? '').not.toContain('TLS')
  })

  it('recommends a setting for two bytes, and another codec for four', () => {
    expect(diagnosis(framed(LITTLE, 'abc'))).toContain('a length of two bytes, little endian:')
    expect(diagnosis(hex('00000003 616263'))).toMatch(/: set codec: len32$/)
  })

  it('needs two frames and the first byte of a third', () => {
    expect(diagnosis(hex('0100 61 0100 62 01'))).toContain('set byteOrder: little')
  })

  it('shows the first bytes as text or in hexadecimal, up to a limit', () => {
    expect(diagnosis(`GET /${'secret'.repeat(20)}`)).toContain('("GET /secretsecre")')
    expect(diagnosis(`0012HELLO\u001b[31mHIJ`)).toContain('("0012HELLO.[31mHI")')
    expect(diagnosis(`0012HELLO\u001b\u0000[31mH`)).toContain('("0012HELLO.[31mH")')
    expect(diagnosis(hex('0b 4d534800112233445566 1c0d'))).toContain('(0b 4d 53 48 00 11 22 33 …)')
    expect(diagnosis(hex('0b 4d534800 11 1c0d'))).toContain('(0b 4d 53 48 00 11 1c 0d)')
    expect(diagnosis(framed({}, 'x'), LITTLE)).toContain('(00 01 78)')
    expect(diagnosis(framed(LITTLE, 'x'.repeat(0x41)))).toContain('(41 00 78 78 78 78 78 78 …)')
  })
})

describe('there is no diagnosis', () => {
  it.each<readonly [string, Bytes, Len16Options]>([
    ['of nothing', '', BIG],
    ['of half a header', hex('00'), BIG],
    ['of a frame that was cut off', hex('0065 616263'), BIG],
    ['of frames of which the last was cut off', hex('0001 61 0002 6262 0003 63'), BIG],
    ['of frames that are only above the limit', framed({}, 'x'.repeat(200)), { maxPayload: 100 }],
    ['of one frame of another layout and a byte', hex('0100 61 02'), BIG],
    ['of one frame of another layout and a begun one', hex('0100 61 0400 61'), BIG],
    ['of frames of another layout and an empty one', hex('0100 61 0200 6262 0000'), BIG],
    ['of half a TPKT', hex('0300000b 06e0'), BIG],
    ['of TPKT with nothing in it', hex('03000004 03000004'), BIG],
    ['of what is TPKT but for the version', hex('0400000b 06e0ffffffffff'), BIG],
    ['of what is TPKT but for the byte that is zero', hex('0301000b 06e0ffffffffff'), BIG],
    ['of STX without ETX', hex('02 61626364'), BIG],
    ['of bytes that are nothing in particular', hex('9c40 00ff13aa7701'), BIG],
    ['of zeros, which look like empty frames', hex('0000 0000 0000 0000'), COUNTING],
  ])('%s', (_, opening, options) => {
    expect(diagnosis(opening, options)).toBeUndefined()
  })

  it('that recommends the present setting, for any bytes', () => {
    const random = seeded(20_261_125)
    for (let round = 0; round < 4_000; round++) {
      const bytes = Uint8Array.from({ length: 1 + (random() % 24) }, () => random() % 7)
      for (const options of [BIG, LITTLE, COUNTING, BOTH]) {
        const { byteOrder = 'big', lengthIncludesHeader = false } = options
        const text = diagnosis(bytes, options) ?? ''
        expect(text).not.toContain(`set byteOrder: ${byteOrder}`)
        expect(text).not.toContain(`lengthIncludesHeader: ${String(lengthIncludesHeader)}`)
      }
    }
  })
})

/** Small pseudo-random numbers, the same in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state >>> 16
  }
}
