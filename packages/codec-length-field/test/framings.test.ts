import type { FrameCodec } from '@commloop/core'
import { type Framing, FRAMINGS, framingDefinition, hexBytes } from '@commloop/framings'
import { describe, expect, it } from 'vitest'
import { lengthFieldDefinition } from '../src/index.js'

const LENGTH_FRAMINGS = FRAMINGS.filter(({ codec }) => codec === 'length-field')

function codecOf(framing: Framing): FrameCodec {
  return framingDefinition(framing, lengthFieldDefinition).create({})
}

function bytes(hex: string): Uint8Array {
  const found = hexBytes(hex)
  if (found === undefined) throw new Error(`not hexadecimal: ${hex}`)
  return found
}

function hexOf(found: Uint8Array | undefined): string {
  return found === undefined ? 'none' : Buffer.from(found).toString('hex')
}

function encoded(codec: FrameCodec, payload: Uint8Array): string {
  const into = new Uint8Array(codec.frameBytesMax(payload.length))
  return hexOf(into.subarray(0, codec.encode(payload, into, 0)))
}

const SAMPLES = LENGTH_FRAMINGS.flatMap((framing) =>
  framing.samples.map((sample) => ({ framing, sample, title: `${framing.name}: ${sample.about}` })),
)

describe('the samples of a framing', () => {
  it.each(SAMPLES)('$title', ({ framing, sample }) => {
    const codec = codecOf(framing)
    const frame = bytes(sample.frame)
    const decoder = codec.createDecoder()
    decoder.push(frame)
    expect(hexOf(decoder.next())).toBe(hexOf(bytes(sample.payload)))
    expect(hexOf(decoder.next())).toBe('none')
    decoder.end()
    const payloads = [sample.payload, sample.encodes ?? sample.payload]
    for (const payload of payloads) expect(encoded(codec, bytes(payload))).toBe(hexOf(frame))
  })

  it.each(LENGTH_FRAMINGS.filter(({ heartbeat }) => heartbeat !== undefined))(
    'of $name: its heartbeats are payloads that it carries',
    (framing) => {
      const { payload = '', answer = payload } = framing.heartbeat ?? {}
      for (const each of [payload, answer]) encoded(codecOf(framing), bytes(each))
    },
  )
})

describe('a frame of a meter', () => {
  it('may have bytes fe before it', () => {
    const codec = codecOf(LENGTH_FRAMINGS.find(({ name }) => name === 'dlt645') as Framing)
    const decoder = codec.createDecoder()
    decoder.push(bytes('fefefefe 68aaaaaaaaaaaa681300df16 fe'))
    expect(hexOf(decoder.next())).toBe('68aaaaaaaaaaaa681300')
    expect(decoder.next()).toBeUndefined()
    expect(decoder.midFrame).toBe(false)
    decoder.end()
  })
})
