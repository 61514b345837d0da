import { describe, expect, it } from 'vitest'
import { fixedDefinition, lengthFieldDefinition } from '../src/index.js'
import { encoded, hex } from './bytes.js'

const refusal = (options: object): string => {
  try {
    lengthFieldDefinition.create({ ...options })
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : 'not an error'
  }
}

const MAGIC = { magic: { hex: '68' } }
const OFFSET_1 = { length: { bytes: 2, offset: 1 } }

const REFUSALS: readonly [object, string][] = [
  [{}, 'length: expected the bytes of a binary length (1 to 8), or a map, found nothing'],
  [{ length: 9 }, 'length.bytes: expected a number from 1 to 8, found 9'],
  [{ length: '2' }, 'length: expected the bytes of a binary length (1 to 8), or a map, found "2"'],
  [{ length: {} }, 'length.bytes: expected a number from 1 to 8, found nothing'],
  [
    { length: { encoding: 'octal', bytes: 2 } },
    'length.encoding: expected one of binary, decimal,',
  ],
  [
    { length: { bytes: 2, pad: '0' } },
    'length.pad: the encoding binary does not have it: remove it',
  ],
  [
    { length: { encoding: 'varint', bytes: 2 } },
    'length.bytes: the encoding varint does not have it',
  ],
  [
    { length: { encoding: 'digits', end: '7' } },
    'length.end: expected one byte that is not a digit',
  ],
  [
    { length: { bytes: 2, byteOder: 'big' } },
    'length.byteOder: unknown option. Did you mean "byteOrder"?',
  ],
  [
    { length: { bytes: 5, shift: 1 } },
    'length.bytes: a length with shift or mask has up to 4 bytes',
  ],
  [{ length: { bytes: 2, shift: 2, low: 4 } }, 'length.low: expected a number of 2 bits, found 4'],
  [{ length: { bytes: 2, again: 1 } }, 'length.again: the two lengths overlap: use another place'],
  [{ length: 2, header: 1 }, 'header: expected a number from 2, where the length ends, to 1024'],
  [
    { length: { encoding: 'ber' }, header: 4 },
    'header: expected no such option, because the body follows',
  ],
  [
    { length: { encoding: 'ber' }, counts: 'frame' },
    'counts: expected one of body, rest, found "frame"',
  ],
  [
    { length: 2, adjust: -3, counts: 'body' },
    'adjust: the length of an empty frame would be negative',
  ],
  [{ length: 2, magic: 'h' }, 'magic: byte 0 has another meaning already: use other places'],
  [{ ...OFFSET_1, magic: [{ at: 3, bytes: 'x' }] }, 'magic: byte 3 is behind the header'],
  [
    { ...OFFSET_1, magic: [{ at: 0, bytes: { hex: 'z' } }] },
    'magic.0.bytes: expected a text, { hex',
  ],
  [{ ...OFFSET_1, magic: [7] }, 'magic.0: expected { at, bytes }, found 7'],
  [{ length: 2, trailer: [{ checksum: 'crc-16' }] }, 'trailer.0.checksum: expected one of sum-8'],
  [
    { length: 2, trailer: [{ checksum: 'sum-8', as: 'BIG' }] },
    'trailer.0.as: expected one of big, little, hex, HEX',
  ],
  [{ length: 2, trailer: [{ bytes: '' }] }, 'trailer.0.bytes: expected 1 to 64 bytes'],
  [{ length: 2, trailer: '\n' }, 'trailer: expected a list of up to 8 parts'],
  [{ length: 2, resync: 'hunt' }, 'resync: hunt needs a magic at the first byte'],
  [
    { ...OFFSET_1, preamble: { hex: 'fe' } },
    'preamble: add a magic that begins the frame with another byte',
  ],
  [
    { ...OFFSET_1, ...MAGIC, preamble: { hex: '68' } },
    'preamble: add a magic that begins the frame',
  ],
  [
    { length: { bytes: 2, idle: 0 } },
    'length.idle: a frame can have this length: use emptyFrames: skip',
  ],
  [{ length: 1, maxPayload: 256 }, 'maxPayload: expected a size of 1 to 255 bytes, found 256'],
  [{ length: 1, counts: 'frame', header: 300 }, 'length: no payload fits: use more bytes'],
]

describe('the options of length-field', () => {
  it.each(REFUSALS)('%j are rejected with a text that says what to do', (options, text) => {
    expect(refusal(options)).toContain(`codec length-field: ${text}`)
  })

  it('are all judged at the first attempt', () => {
    const text = refusal({ length: { bytes: 0 }, counts: 'all', trailer: [{ checksum: 'x' }] })
    for (const option of ['length.bytes', 'counts', 'trailer.0.checksum']) {
      expect(text).toContain(`codec length-field: ${option}: `)
    }
  })

  it('take bytes in each form of a configuration', () => {
    const forms = ['ab', { hex: '6162' }, { base64: 'YWI=' }]
    const frames = forms.map((magic) => {
      const codec = lengthFieldDefinition.create({ length: { bytes: 1, offset: 2 }, magic })
      return encoded(codec, hex('78'))
    })
    expect(new Set(frames)).toEqual(new Set(['61620178']))
  })

  it('limit payloads to what the length can express, and to 1 MiB', () => {
    const most = (options: object): number =>
      lengthFieldDefinition.create({ ...options }).payloadBytesMax
    expect(most({ length: 1, counts: 'frame' })).toBe(254)
    expect(most({ length: { encoding: 'decimal', bytes: 4 }, counts: 'frame', header: 40 })).toBe(
      9959,
    )
    expect(most({ length: 4 })).toBe(2 ** 20)
    expect(most({ length: 4, maxPayload: '1GiB' })).toBe(2 ** 30)
    expect(most({ length: { bytes: 2, shift: 2 } })).toBe(16_383)
  })
})

describe('the two sides of a link', () => {
  const side = (node: string, options: object, heartbeats: readonly Uint8Array[] = []) => ({
    node,
    role: 'active' as const,
    options: { ...options },
    transportOptions: {},
    identities: undefined,
    heartbeats,
  })
  const findings = (
    left: object,
    right: object,
    heartbeats: readonly Uint8Array[] = [],
  ): string[] =>
    (lengthFieldDefinition.compare?.(side('one', left, heartbeats), side('two', right)) ?? []).map(
      ({ finding, message }) => `${finding}: ${message}`,
    )

  it('match if they mean the same, however it is written', () => {
    const one = { length: { bytes: 2, offset: 1 }, magic: 'h', counts: 'body' }
    const two = { magic: { hex: '68' }, length: { offset: 1, bytes: 2 }, keep: 'header' }
    expect(findings(one, { ...two, maxPayload: 65_535 })).toEqual([])
  })

  it('do not match with another length, limit or opinion about empty frames', () => {
    expect(findings({ length: 2 }, { length: 4, counts: 'frame' })).toEqual([
      'codec-differs: length is {"bytes":2} at one and {"bytes":4} at two',
      'codec-differs: counts is "body" at one and "frame" at two',
    ])
    expect(findings({ length: 2, maxPayload: 9 }, { length: 2, maxPayload: 7 })).toEqual([
      'payload-limit-differs: one may send payloads of 9 bytes, and two ends the connection above 7: set the same maxPayload',
    ])
    expect(
      findings({ length: 2 }, { length: 2, emptyFrames: 'reject' }, [new Uint8Array(0)]),
    ).toEqual(['codec-differs: one sends empty frames as heartbeats, and two rejects empty frames'])
  })
})

describe('the codec fixed', () => {
  it('fills shorter payloads up, and strips them if it is told to', () => {
    const codec = fixedDefinition.create({ bytes: 4, pad: { hex: '00' }, strip: true })
    expect(encoded(codec, hex('6162'))).toBe('61620000')
    const decoder = codec.createDecoder()
    decoder.push(hex('61620000 00000000 6100'))
    expect(Buffer.from(decoder.next() ?? []).toString()).toBe('ab')
    expect(decoder.next()).toHaveLength(0)
    expect(decoder.next()).toBeUndefined()
    expect(decoder.midFrame).toBe(true)
    expect(() => {
      decoder.end()
    }).toThrow('the stream ended 2 bytes into a frame, within its frame of 4 bytes')
  })

  it.each([
    [{}, 'bytes: expected the size of a frame, from 1 byte to 16MiB, found nothing'],
    [{ bytes: 0 }, 'bytes: expected the size of a frame'],
    [{ bytes: 4, pad: 'ab' }, "pad: expected 'none', or one byte"],
    [{ bytes: 4, pad: 'none', strip: true }, 'strip: there is no padding with pad: none'],
  ])('rejects the options %j', (options, text) => {
    expect(() => fixedDefinition.create(options)).toThrow(`codec fixed: ${text}`)
  })

  it('rejects payloads of other sizes', () => {
    const codec = fixedDefinition.create({ bytes: 4, pad: 'none' })
    expect(() => encoded(codec, hex('61'))).toThrow('set pad to fill it up')
    expect(() => encoded(codec, hex('6162636465'))).toThrow('every frame has 4')
  })
})
