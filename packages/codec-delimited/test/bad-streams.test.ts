import { CommloopError } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { DelimitedCodec, type DelimitedOptions } from '../src/index.js'
import { codecOf, DELIMITED_FRAMINGS } from './delimited-framings.js'
import { cutEvery, encoded } from './one-stream.js'

function framed(name: string, more: Partial<DelimitedOptions> = {}): DelimitedCodec {
  const framing = DELIMITED_FRAMINGS.find((each) => each.name === name)
  if (framing === undefined) throw new Error(`no framing ${name}`)
  return codecOf(framing, more)
}

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

/** `code: message` of what the decoder throws. */
function refusal(codec: DelimitedCodec, stream: Uint8Array, cut = stream.length): string {
  const decoder = codec.createDecoder()
  try {
    for (const chunk of cutEvery(stream, cut)) {
      decoder.push(chunk)
      while (decoder.next() !== undefined);
    }
    decoder.end()
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    expect(() => decoder.next(), 'the error is repeated').toThrow(error.message)
    return `${error.code}: ${error.message}`
  }
  return 'accepted'
}

describe('a stream that is not of this framing', () => {
  it.each<[string, string, string, string]>([
    [
      'another start',
      'mllp',
      '47',
      'CML_ERR_FRAME_INVALID: a frame begins with 47 ("G"), expected 0b',
    ],
    [
      'another byte behind a frame',
      'mllp',
      '0b 41 1c0d 4d',
      'CML_ERR_FRAME_INVALID: a frame begins with 4d ("M"), expected 0b',
    ],
    [
      'an end without a frame',
      'astm',
      '03',
      'CML_ERR_FRAME_INVALID: a frame begins with 03, expected 02',
    ],
    [
      'a wrong checksum',
      'astm',
      '02 41 03 3435 0d0a',
      'CML_ERR_FRAME_CHECKSUM: the frame has the checksum 34 35 ("45"), expected 34 34 ("44")',
    ],
    [
      'other bytes behind the checksum',
      'astm',
      '02 41 03 3434 0a0d',
      'CML_ERR_FRAME_INVALID: the frame ends with 0a 0d, expected 0d 0a',
    ],
    [
      'a wrong checksum that was escaped',
      'jt808',
      '7e 41 42 7e',
      'CML_ERR_FRAME_CHECKSUM: the frame has the checksum 42 ("B"), expected 41 ("A")',
    ],
    [
      'a frame shorter than its checksum',
      'hdlc',
      '7e 41 7e',
      'CML_ERR_FRAME_INVALID: 41 ("A") between start and end, which is too short for the checksum',
    ],
    [
      'an escape without a meaning',
      'jt808',
      '7e 41 7d05 7e',
      'CML_ERR_FRAME_INVALID: 7d 05 at byte 1 of a frame is an escape without a meaning',
    ],
    [
      'an escape at the end',
      'slip',
      '41 db c0',
      'CML_ERR_FRAME_INVALID: db at byte 1 of a frame is an escape without a meaning',
    ],
    [
      'a lead that is not doubled',
      'dle',
      '1002 41 1042',
      'CML_ERR_FRAME_INVALID: 10 42 at byte 3 of a frame is an escape without a meaning',
    ],
    [
      'a group that is too long',
      'cobs',
      '05 41 00',
      'CML_ERR_FRAME_INVALID: a group of 05 at byte 0 of a frame, which has 2 more',
    ],
    [
      'a digit that is none',
      'modbus-ascii',
      '3a 3147 0d0a',
      'CML_ERR_FRAME_INVALID: 31 47 ("1G") at byte 0 of a frame, expected two hexadecimal digits',
    ],
    [
      'no mark before a checksum',
      'nmea',
      '24 41 2b3431 0d0a',
      'CML_ERR_FRAME_INVALID: 2b ("+") before the checksum, expected 2a ("*")',
    ],
    [
      'an empty frame',
      'stomp-null',
      '0a 00',
      'CML_ERR_FRAME_INVALID: an empty frame (00), which emptyFrames: reject forbids',
    ],
  ])('names the bytes of %s', (_, name, stream, text) => {
    for (const cut of [1, 3, 1_000]) expect(refusal(framed(name), bytes(stream), cut)).toBe(text)
  })

  it.each(DELIMITED_FRAMINGS.map((framing) => [framing.name, framing] as const))(
    'ends an endless frame of %s at its limit, and names its beginning',
    (_, framing) => {
      const codec = codecOf(framing, { maxPayload: 1_000 })
      const begun = encoded(codec, Buffer.alloc(900, 'B')).subarray(0, 100)
      const endless = Buffer.concat([begun, Buffer.alloc(10_000, 'B')])
      const decoder = codec.createDecoder()
      let taken = 0
      const pushAll = (): void => {
        for (const chunk of cutEvery(endless, 100)) {
          decoder.push(chunk)
          decoder.next()
          taken += chunk.length
        }
      }
      expect(pushAll).toThrow(
        expect.objectContaining({
          code: 'CML_ERR_FRAME_TOO_LARGE',
          message: expect.stringContaining('bytes that begin with') as string,
        }),
      )
      expect(taken).toBeLessThan(2_300)
    },
  )
})

describe('a payload that the framing cannot carry', () => {
  it.each<[string, DelimitedOptions, string, string]>([
    ['the end', { end: '\n' }, '61620a63', 'the payload contains 0a at byte 2, which ends a frame'],
    [
      'an end of two bytes',
      { end: { hex: '1c0d' } },
      '611c0d',
      'the payload contains 1c 0d at byte 1, which ends a frame',
    ],
    [
      'the second end',
      { end: ['\n', ';'] },
      '613b',
      'the payload contains 3b (";") at byte 1, which ends a frame',
    ],
    [
      'the beginning of an end',
      { end: ['\n', '\r\n'] },
      '610d',
      'the payload contains 0d at byte 1, which is the beginning of an end',
    ],
    [
      'the beginning of an end that repeats',
      { end: 'aa' },
      '6261',
      'the payload contains 61 ("a") at byte 1, which is the beginning of an end',
    ],
    [
      'a byte of the preamble',
      { end: ';', preamble: '\n' },
      '0a61',
      'the payload begins with 0a, which is skipped before a frame',
    ],
    [
      'nothing',
      { end: ';', emptyFrames: 'skip' },
      '',
      'an empty payload, which peers with emptyFrames: skip do not receive',
    ],
    [
      'nothing, between flags',
      { start: { hex: '7e' }, end: { hex: '7e' }, escape: 'hdlc' },
      '',
      'an empty payload, which cannot be told from two flags',
    ],
    [
      'no start',
      { start: '<', end: '>', keep: 'frame' },
      '613e',
      'the payload begins with 61 3e ("a>"), and "keep: frame" needs a frame that begins with 3c ("<")',
    ],
    [
      'no end',
      { start: '<', end: '>', keep: 'frame' },
      '3c61',
      'the payload has no end, and "keep: frame" needs 3e (">") and 0 bytes after it at its end',
    ],
    [
      'an end too early',
      { end: '\n', keep: 'frame' },
      '610a62',
      'the payload has an end at byte 1, and "keep: frame" needs 0a and 0 bytes after it at its end',
    ],
  ])('has its bytes and their place named: %s', (_, options, payload, text) => {
    const codec = new DelimitedCodec(options)
    expect(() => encoded(codec, bytes(payload))).toThrow(
      expect.objectContaining({ code: 'CML_ERR_PAYLOAD_INVALID', message: text }),
    )
  })
})

describe('a decoder that hunts', () => {
  const losses = (codec: DelimitedCodec, stream: Uint8Array, cut: number) => {
    const decoder = codec.createDecoder()
    const payloads: string[] = []
    for (const chunk of cutEvery(stream, cut)) {
      decoder.push(chunk)
      for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
        payloads.push(Buffer.from(payload).toString('hex'))
      }
    }
    return { payloads, ...decoder.losses, midFrame: decoder.midFrame }
  }

  it.each<[string, string, string, object]>([
    [
      'garbage before a start',
      'mllp',
      'ffff0b41 1c0d',
      { payloads: ['41'], skippedBytes: 2, droppedFrames: 0 },
    ],
    [
      'text of a modem between frames',
      'astm',
      '02 41 03 3434 0d0a 4f4b0d0a 02 41 03 3434 0d0a',
      { payloads: ['41', '41'], skippedBytes: 4, droppedFrames: 0 },
    ],
    [
      'a wrong checksum',
      'astm',
      '02 42 03 3434 0d0a 02 41 03 3434 0d0a',
      { payloads: ['41'], skippedBytes: 7, droppedFrames: 1 },
    ],
    [
      'an answer behind a damaged frame',
      'astm',
      '02 42 03 3434 0d0a 06',
      { payloads: ['06'], skippedBytes: 7, droppedFrames: 1 },
    ],
    [
      'a frame without an end',
      'astm',
      '02 4243 02 41 03 3434 0d0a',
      { payloads: ['41'], skippedBytes: 3, droppedFrames: 1 },
    ],
    [
      'a damaged frame between flags',
      'jt808',
      '7e 4141 7e 7e 42 43 7e 7e 4141 7e',
      { payloads: ['41', '41'], skippedBytes: 3, droppedFrames: 1 },
    ],
    [
      'a lost flag',
      'jt808',
      '7e 4141 7e 7e 42 43 7e 4141 7e',
      { payloads: ['41', '41'], skippedBytes: 3, droppedFrames: 1 },
    ],
    [
      'an escape without a meaning',
      'dle',
      '1002 41 1042 1002 43 1003',
      { payloads: ['43'], skippedBytes: 5, droppedFrames: 1 },
    ],
    [
      'a frame that is too large',
      'stx-etx',
      `02 ${'41'.repeat(70)} 03 02 42 03`,
      { payloads: ['42'], skippedBytes: 72, droppedFrames: 1 },
    ],
  ])('continues behind %s', (_, name, stream, expected) => {
    const codec = framed(name, { resync: 'hunt', maxPayload: 60 })
    for (const cut of [1, 2, 7, 1_000]) {
      expect(losses(codec, bytes(stream), cut), `cut every ${String(cut)}`).toEqual({
        ...expected,
        midFrame: false,
      })
    }
  })

  it('is not in a frame while it skips', () => {
    const decoder = framed('stx-etx', { resync: 'hunt' }).createDecoder()
    decoder.push(bytes('ffff'))
    expect(decoder.next()).toBeUndefined()
    expect(decoder.midFrame).toBe(false)
    decoder.end()
  })

  it.each([
    ['starts', 0x02],
    ['ends', 0x03],
    ['other bytes', 0x41],
  ])('takes linear time for a megabyte of %s, one at a time', (_, byte) => {
    const decoder = framed('astm', { resync: 'hunt', maxPayload: 5_000 }).createDecoder()
    const one = Uint8Array.of(byte)
    // A quadratic search would take minutes.
    for (let left = 1_000_000; left > 0; left--) {
      decoder.push(one)
      decoder.next()
    }
    expect(decoder.losses?.skippedBytes).toBeGreaterThan(900_000)
  })
})

describe('flags between frames', () => {
  const codec = framed('jt808')
  const run = (stream: string) => {
    const decoder = codec.createDecoder()
    const states: boolean[] = []
    let payloads = 0
    for (const byte of bytes(stream)) {
      decoder.push(Uint8Array.of(byte))
      while (decoder.next() !== undefined) payloads++
      states.push(decoder.midFrame)
    }
    return { payloads, states }
  }

  it('are filling if there are several, and one flag may stand between two frames', () => {
    expect(run('7e4141 7e 4141 7e').payloads).toBe(2)
    expect(run('7e4141 7e7e7e7e7e 4141 7e').payloads).toBe(2)
    expect(run('7e4141 7e7e7e7e7e').states.slice(-3)).toEqual([false, false, false])
  })

  it('begin a frame if there is one more than the end', () => {
    expect(run('7e4141 7e7e').states.at(-1)).toBe(true)
  })
})
