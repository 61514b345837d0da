import { Len16Codec } from '@commloop/codec-len16'
import { type FrameStream, frameStream } from './frame-stream.js'
import { PlainDecoder } from './plain-decoder.js'
import { check, type Suite } from './suite.js'

const HEADER_BYTES = 2
const HEADERS = 8_192
const PAYLOAD_BYTES = 64
const KIB = 1_024

const headers: Suite = {
  name: 'encode header',
  operation: 'header',
  operations: HEADERS,
  cases: headerCases(),
}

const frames: Suite = {
  name: 'encode 64 B',
  operation: 'frame',
  operations: KIB,
  cases: encodeCases(),
}

export const CODEC_SUITES: readonly Suite[] = [
  headers,
  frames,
  decodeSuite('decode 64 B', frameStream(64, 256 * KIB, 64 * KIB)),
  decodeSuite('decode 1 KiB', frameStream(KIB, 2_048 * KIB, 64 * KIB)),
  decodeSuite('decode 64 B bytewise', frameStream(64, 4 * KIB, 1)),
  decodeSuite('decode 1 KiB bytewise', frameStream(KIB, 8 * KIB, 1)),
]

function headerCases(): Suite['cases'] {
  const { header } = new Len16Codec()
  const buffer = new Uint8Array(HEADERS * HEADER_BYTES)
  const view = new DataView(buffer.buffer)
  const written = (): void => {
    check(view.getUint16(buffer.length - HEADER_BYTES) === HEADERS - 1, 'a header')
  }
  return [
    {
      name: 'DataView',
      baseline: true,
      run: () => {
        for (let each = 0; each < HEADERS; each++) view.setUint16(each * HEADER_BYTES, each)
        written()
      },
    },
    {
      name: 'len16 header.write',
      run: () => {
        for (let each = 0; each < HEADERS; each++) header.write(each, buffer, each * HEADER_BYTES)
        written()
      },
    },
  ]
}

function encodeCases(): Suite['cases'] {
  const codec = new Len16Codec()
  const frameBytes = codec.frameBytesMax(PAYLOAD_BYTES)
  const buffer = new Uint8Array(KIB * frameBytes)
  const view = new DataView(buffer.buffer)
  const payload = new Uint8Array(PAYLOAD_BYTES).fill(0x61)
  return [
    {
      name: 'DataView and set',
      baseline: true,
      run: () => {
        let at = 0
        for (let each = 0; each < KIB; each++) {
          view.setUint16(at, payload.length)
          buffer.set(payload, at + HEADER_BYTES)
          at += HEADER_BYTES + payload.length
        }
        check(at === buffer.length, 'a frame')
      },
    },
    {
      name: 'len16 encode',
      run: () => {
        let at = 0
        for (let each = 0; each < KIB; each++) at = codec.encode(payload, buffer, at)
        check(at === buffer.length, 'a frame')
      },
    },
  ]
}

function decodeSuite(name: string, { frames: count, payloadBytes, chunks }: FrameStream): Suite {
  const whole = count * payloadBytes
  const codec = new Len16Codec()
  return {
    name,
    operation: 'frame',
    operations: count,
    cases: [
      {
        name: 'concatenate and subarray',
        baseline: true,
        run: () => {
          const decoder = new PlainDecoder()
          let bytes = 0
          for (const chunk of chunks) bytes += decoder.push(chunk)
          check(bytes === whole, 'a frame')
        },
      },
      {
        name: 'len16 decoder',
        run: () => {
          const decoder = codec.createDecoder()
          let bytes = 0
          for (const chunk of chunks) {
            decoder.push(chunk)
            for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
              bytes += payload.length
            }
          }
          check(bytes === whole, 'a frame')
        },
      },
    ],
  }
}
