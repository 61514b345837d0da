import { describe, expect, it } from 'vitest'
import type { FrameDecoder } from '@commloop/core'
import { Len16Codec, type Len16Options } from '../src/index.js'
import {
  cutAt,
  cutEvery,
  decode,
  hexOf,
  payloadOf,
  pull,
  streamOf,
} from '@commloop/test-support/byte-stream'

const codec = new Len16Codec()
const withCode = (code: string): Error => expect.objectContaining({ code }) as Error
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

function decoderWith(stream: Uint8Array, options?: Len16Options): FrameDecoder {
  const decoder = new Len16Codec(options).createDecoder()
  decoder.push(stream)
  return decoder
}

describe('a stream that is cut anywhere', () => {
  const payloads = [payloadOf(3), payloadOf(0), payloadOf(300)]
  const stream = streamOf(codec, payloads)

  it('gives the same three frames, with one cut or two', () => {
    for (let first = 0; first <= stream.length; first++) {
      expect(hexOf(decode(codec, cutAt(stream, [first])))).toEqual(hexOf(payloads))
      const third = Math.floor((first + stream.length) / 2)
      expect(hexOf(decode(codec, cutAt(stream, [first, third])))).toEqual(hexOf(payloads))
    }
  })

  it.each([1, 2, 3, 1460])('gives frames of all sizes, cut every %i bytes', (cut) => {
    const sizes = [0, 1, 2, 255, 256, 1458, 1459, 65535, 5]
    const many = sizes.map((size) => payloadOf(size))
    expect(hexOf(decode(codec, cutEvery(streamOf(codec, many), cut)))).toEqual(hexOf(many))
  })

  it('gives each frame with its last byte, not later', () => {
    const decoder = codec.createDecoder()
    const ends: number[] = []
    for (const [at, chunk] of cutEvery(stream, 1).entries()) {
      decoder.push(chunk)
      if (pull(decoder).length > 0) ends.push(at + 1)
    }
    expect(ends).toEqual([5, 7, stream.length])
  })
})

describe('a partial frame', () => {
  it('is midFrame from its first byte until its last, at every byte', () => {
    const stream = streamOf(codec, [payloadOf(4), payloadOf(0), payloadOf(1)])
    const between = [0, 6, 8, 11]
    const decoder = codec.createDecoder()
    expect(decoder.midFrame).toBe(false)
    for (const [at, chunk] of cutEvery(stream, 1).entries()) {
      decoder.push(chunk)
      pull(decoder)
      expect(decoder.midFrame).toBe(!between.includes(at + 1))
    }
  })

  it('is midFrame before next is called, and a complete frame is not', () => {
    expect(decoderWith(bytes('00')).midFrame).toBe(true)
    expect(decoderWith(bytes('0001')).midFrame).toBe(true)
    expect(decoderWith(bytes('000161')).midFrame).toBe(false)
    expect(decoderWith(bytes('0000')).midFrame).toBe(false)
    const decoder = decoderWith(bytes('00'))
    decoder.next()
    decoder.push(bytes('0161'))
    expect(decoder.midFrame).toBe(false)
    expect(hexOf(pull(decoder))).toEqual(['61'])
    const second = decoderWith(bytes('00016100'))
    second.next()
    expect(second.midFrame).toBe(true)
  })

  it('ends as truncated, whichever byte the stream ends on', () => {
    const stream = streamOf(codec, [payloadOf(3), payloadOf(300)])
    const whole = [0, 5, stream.length]
    for (let end = 0; end <= stream.length; end++) {
      for (const chunks of [[stream.slice(0, end)], cutEvery(stream.slice(0, end), 1)]) {
        const decoder = codec.createDecoder()
        for (const chunk of chunks) {
          decoder.push(chunk)
          pull(decoder)
        }
        const ending = (): void => {
          decoder.end()
        }
        if (whole.includes(end)) expect(ending).not.toThrow()
        else expect(ending).toThrow(withCode('CML_ERR_FRAME_TRUNCATED'))
      }
    }
  })

  it('is reported with the number of bytes that arrived', () => {
    const ending = (hex: string) => (): void => {
      const decoder = decoderWith(bytes(hex))
      decoder.next()
      decoder.end()
    }
    expect(ending('00')).toThrow('1 bytes into a frame, within its header')
    expect(ending('0005')).toThrow('2 bytes into a frame, within its payload of 5')
    expect(ending('000161000562')).toThrow('3 bytes into a frame, within its payload of 5')
    expect(ending('00056162')).toThrow('4 bytes into a frame, within its payload of 5')
  })
})

describe('a payload', () => {
  it('is a view of the chunk if the chunk contains all of it', () => {
    const padded = new Uint8Array(12)
    padded.set(bytes('0003616263000164'), 3)
    const chunk = padded.subarray(3, 11)
    const payloads = pull(decoderWith(chunk))
    expect(payloads.map((payload) => payload.buffer === padded.buffer)).toEqual([true, true])
    expect(hexOf(payloads)).toEqual(['616263', '64'])
  })

  it('is a view also if only the header arrived before', () => {
    const [header, rest] = [bytes('0003'), bytes('616263')]
    const decoder = decoderWith(header)
    expect(decoder.next()).toBeUndefined()
    decoder.push(rest)
    expect(decoder.next()?.buffer).toBe(rest.buffer)
  })

  it('does not change when later bytes arrive', () => {
    const payloads = Array.from({ length: 50 }, (_, index) => payloadOf(100 + index, index))
    const received = decode(codec, cutEvery(streamOf(codec, payloads), 37))
    expect(hexOf(received)).toEqual(hexOf(payloads))
    expect(new Set(received.map((payload) => payload.buffer)).size).toBe(50)
  })

  it('does not change with a chunk from which it was copied', () => {
    const first = bytes('00036162')
    const decoder = decoderWith(first)
    expect(decoder.next()).toBeUndefined()
    first.fill(0)
    decoder.push(bytes('63'))
    expect(hexOf(pull(decoder))).toEqual(['616263'])
  })

  it('is a plain Uint8Array, also from a Buffer', () => {
    const decoder = decoderWith(Buffer.from('000161000262', 'hex'))
    const [whole] = pull(decoder)
    decoder.push(Buffer.from('63'))
    const [carried] = pull(decoder)
    expect([whole?.constructor, carried?.constructor]).toEqual([Uint8Array, Uint8Array])
  })
})

describe('the carry', () => {
  /** Lengths of all arrays that decoding allocates, without views. */
  function allocations(action: () => void): number[] {
    const Original = globalThis.Uint8Array
    const sizes: number[] = []
    class Counted extends Original {
      constructor(...args: [number]) {
        super(...args)
        if (typeof args[0] === 'number') sizes.push(args[0])
      }
    }
    globalThis.Uint8Array = Counted as unknown as Uint8ArrayConstructor
    try {
      action()
    } finally {
      globalThis.Uint8Array = Original
    }
    return sizes
  }

  it('does not grow with the announced length alone', () => {
    const sizes = allocations(() => decoderWith(bytes('ffff616263')).next())
    expect(sizes).toEqual([64])
  })

  it('doubles up to exactly the announced size if bytes trickle in', () => {
    const chunks = cutEvery(streamOf(codec, [payloadOf(60000)]), 1)
    let received: Uint8Array[] = []
    const sizes = allocations(() => {
      received = decode(codec, chunks)
    })
    expect(sizes).toEqual([64, 130, 262, 526, 1054, 2110, 4222, 8446, 16894, 33790, 60000])
    expect(received[0]?.buffer.byteLength).toBe(60000)
  })

  it('is allocated once if the rest arrives in one chunk', () => {
    const chunks = cutAt(streamOf(codec, [payloadOf(1000)]), [600])
    expect(allocations(() => decode(codec, chunks))).toEqual([1000])
  })
})

describe('an invalid header', () => {
  it.each([
    ['0000', {}, 0],
    ['0001', {}, 1],
    ['0000', { lengthIncludesHeader: true }, 2],
    ['0001', { lengthIncludesHeader: true }, 2],
    ['0100', { lengthIncludesHeader: true, byteOrder: 'little' }, 2],
    ['0002', { lengthIncludesHeader: true, emptyFrames: 'reject' }, 2],
    ['0000', { emptyFrames: 'reject' }, 2],
    ['0065', { maxPayload: 100 }, 3],
    ['0064', { maxPayload: 100 }, 1],
    ['0067', { maxPayload: 100, lengthIncludesHeader: true }, 3],
    ['0066', { maxPayload: 100, lengthIncludesHeader: true }, 1],
  ] as const)('%s with %o', (hex, options, answer) => {
    const codes = ['payload', 'more', 'CML_ERR_FRAME_INVALID', 'CML_ERR_FRAME_TOO_LARGE']
    const expected = codes[answer] ?? ''
    for (const chunks of [[bytes(hex)], cutEvery(bytes(hex), 1)]) {
      const decoder = new Len16Codec(options).createDecoder()
      const feed = (): string => {
        const payloads = chunks.flatMap((chunk) => {
          decoder.push(chunk)
          return pull(decoder)
        })
        return payloads.length === 1 ? 'payload' : 'more'
      }
      if (expected.startsWith('CML')) {
        expect(feed).toThrow(withCode(expected))
        // The error is permanent.
        expect(() => decoder.next()).toThrow(withCode(expected))
      } else expect(feed()).toBe(expected)
    }
  })

  it('is reported after every complete frame before it', () => {
    const decoder = decoderWith(bytes('0001610065'), { maxPayload: 100 })
    expect(hexOf([decoder.next() ?? bytes('')])).toEqual(['61'])
    expect(() => decoder.next()).toThrow(withCode('CML_ERR_FRAME_TOO_LARGE'))
  })

  it('is shown with its bytes, and as text if they are text', () => {
    const refusal = (hex: string, options: Len16Options) => () =>
      decoderWith(bytes(hex), options).next()
    const small = { maxPayload: 1000 }
    expect(refusal('3030', small)).toThrow(
      'length 12336 (bytes 30 30, the text "00") is above the limit of 1000',
    )
    expect(refusal('ff00', small)).toThrow('length 65280 (bytes ff 00) is above the limit of 1000')
    expect(refusal('0067', { maxPayload: 100, lengthIncludesHeader: true })).toThrow(
      'length 103 (bytes 00 67) is above the limit of 102',
    )
    for (const hex of ['2041', '4120', '7f41', '417f']) {
      expect(refusal(hex, small)).toThrow(`(bytes ${hex.slice(0, 2)} ${hex.slice(2)})`)
    }
    expect(refusal('217e', small)).toThrow('the text "!~"')
    expect(refusal('0001', { lengthIncludesHeader: true })).toThrow('does not cover its own header')
    expect(refusal('0000', { emptyFrames: 'reject' })).toThrow('announces an empty frame')
  })
})

describe('misuse', () => {
  it('throws if a push would lose bytes', () => {
    const decoder = decoderWith(bytes('000161000162'))
    decoder.next()
    expect(() => {
      decoder.push(bytes('00'))
    }).toThrow('push before next() has answered undefined')
  })
})
