import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FrameCodec } from '../src/contracts/frame-codec.js'
import type { OutboundMessage } from '../src/contracts/outbox.js'
import { BATCH_BYTES_MAX, BatchBuffers } from '../src/link/connection/batch-buffers.js'
import { Batch } from '../src/link/connection/batch.js'
import { MemoryOutbox } from '../src/outbox/memory-outbox.js'
import { foreignText } from '../src/text/safe-text.js'

const HEADER_BYTES = 4
/** The least that goes out by reference. */
const LARGE_BYTES = 16 * 1024
/** With its header a payload of this size is one KiB, of which 128 are a full write. */
const KIB = 1024 - HEADER_BYTES
const NOW = { ms: 1_000, epoch: 3 }

function writeLength(bytes: number, into: Uint8Array, at: number): void {
  new DataView(into.buffer, into.byteOffset).setUint32(at, bytes)
}

/** Four bytes of length, then the payload. */
const CODEC: FrameCodec = {
  payloadBytesMax: 2 ** 32 - 1,
  header: { bytes: HEADER_BYTES, write: writeLength },
  frameBytesMax: (bytes) => HEADER_BYTES + bytes,
  encode: (payload, into, at) => {
    writeLength(payload.length, into, at)
    into.set(payload, at + HEADER_BYTES)
    return at + HEADER_BYTES + payload.length
  },
  createDecoder: () => {
    throw new Error('not used by a batch')
  },
}

function frame(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length)
  CODEC.encode(payload, bytes, 0)
  return bytes
}

/** A link's queue, and what a batch takes of it. */
class Bench {
  readonly outbox = new MemoryOutbox(
    { bytesMax: 1e9, messagesMax: 1e6, overflow: 'reject' },
    { sendable: () => undefined, dropped: () => undefined },
  )
  readonly unwritten: string[] = []
  readonly unencoded: string[] = []
  readonly begun: string[] = []
  readonly batch: Batch

  constructor(codec: Partial<FrameCodec> = {}) {
    this.batch = new Batch({ ...CODEC, ...codec }, new BatchBuffers())
  }

  add(payload: Uint8Array, message: Partial<OutboundMessage> = {}): this {
    this.outbox.append(payload, message.id, message.expiresAtMs, message.epoch ?? 0)
    return this
  }

  fill(...control: Uint8Array[]): boolean {
    return this.batch.fill(this.outbox, control, NOW, {
      unwritten: ({ id = '' }, reason, cause) => {
        this.unwritten.push(
          [id, reason, ...(cause === undefined ? [] : [foreignText(cause)])].join(' '),
        )
      },
      begun: ({ id }) => this.begun.push(id ?? 'none'),
      unencoded: (what, cause) => this.unencoded.push(`${what}: ${foreignText(cause)}`),
    })
  }

  confirmed(): void {
    this.outbox.release(this.batch.messages)
    this.batch.clear()
  }
}

interface Write {
  messages: number
  payloadBytes: number
  /** How long each chunk is. */
  chunks: number[]
}

/** The expected writes by arithmetic. A large payload is a separate chunk, after its header. */
function expectedWrites(sizes: readonly number[]): Write[] {
  const writes: Write[] = []
  let write: Write | undefined
  let writeBytes = 0
  let chunkOpen = false
  for (const size of sizes) {
    if (write === undefined || writeBytes + HEADER_BYTES + size > BATCH_BYTES_MAX) {
      writes.push((write = { messages: 0, payloadBytes: 0, chunks: [] }))
      writeBytes = 0
      chunkOpen = false
    }
    const isLarge = size >= LARGE_BYTES
    const encodedBytes = HEADER_BYTES + (isLarge ? 0 : size)
    write.chunks.push((chunkOpen ? (write.chunks.pop() ?? 0) : 0) + encodedBytes)
    if (isLarge) write.chunks.push(size)
    chunkOpen = !isLarge
    writeBytes += HEADER_BYTES + size
    write.messages++
    write.payloadBytes += size
  }
  return writes
}

function expectToBeWritten(sizes: readonly number[]): void {
  const bench = new Bench()
  const payloads: Uint8Array[] = sizes.map((size, at) => new Uint8Array(size).fill(at))
  for (const payload of payloads) bench.add(payload)
  const writes: Write[] = []
  const stream: Uint8Array[] = []
  while (bench.fill()) {
    const { chunks, messages, payloadBytes } = bench.batch
    writes.push({ messages, payloadBytes, chunks: chunks.map(({ length }) => length) })
    stream.push(...chunks.map((chunk) => (payloads.includes(chunk) ? chunk : chunk.slice())))
    bench.confirmed()
  }
  expect(writes).toEqual(expectedWrites(sizes))
  expect(Buffer.concat(stream).equals(Buffer.concat(payloads.map(frame))), 'the stream').toBe(true)
  const large = payloads.filter(({ length }) => length >= LARGE_BYTES)
  const referred = stream.filter((chunk) => payloads.includes(chunk))
  // Compared by identity: that is what is promised, and contents of this size take seconds.
  expect(referred.map((chunk) => large.indexOf(chunk))).toEqual([...large.keys()])
  expect(bench.unwritten).toEqual([])
  expect(bench.outbox.messages).toBe(0)
}

describe('a write', () => {
  it.each<[string, number[]]>([
    ['nothing', []],
    ['messages without a byte', [0, 0, 0]],
    ['as many small frames as fit to the last byte', Array<number>(129).fill(KIB)],
    ['the largest that is copied, the smallest that is not', [LARGE_BYTES - 1, LARGE_BYTES, 1]],
    ['large payloads that fit to the last byte', [65_532, 65_532, 1]],
    ['large payloads of which the third is for the next', [60_000, 60_000, 60_000]],
    ['small ones behind a large one', [100_000, ...Array<number>(40).fill(KIB)]],
    ['large ones behind small ones', [...Array<number>(60).fill(KIB), 60_000, 20_000]],
    ['one frame that is larger than a write', [1, BATCH_BYTES_MAX, 1, 300_000, 300_000, 1]],
  ])('carries %s', (_name, sizes) => {
    expectToBeWritten(sizes)
  })

  it('takes what fits into its limit, in order, and copies no large payload', () => {
    const size = fc.oneof(
      { weight: 4, arbitrary: fc.nat(3_000) },
      { weight: 1, arbitrary: fc.integer({ min: LARGE_BYTES - 3, max: LARGE_BYTES + 3 }) },
      { weight: 2, arbitrary: fc.integer({ min: LARGE_BYTES, max: 60_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 131_000, max: 131_100 }) },
    )
    fc.assert(fc.property(fc.array(size, { maxLength: 30, size: 'max' }), expectToBeWritten), {
      numRuns: 60,
    })
  })

  it('of little borrows little, of much no more than it can carry', () => {
    const borrowed = (sizes: number[]): number | undefined => {
      const bench = new Bench()
      for (const size of sizes) bench.add(new Uint8Array(size))
      bench.fill()
      return bench.batch.chunks[0]?.buffer.byteLength
    }
    expect(borrowed([10])).toBe(1024)
    expect(borrowed(Array<number>(1_000).fill(KIB))).toBe(BATCH_BYTES_MAX)
  })

  it('counts what an unconfirmed write had before it', () => {
    const bench = new Bench().add(Buffer.from('a')).add(Buffer.from('b'))
    bench.fill()
    expect(bench.batch.resent).toBe(0)
    bench.outbox.rewind()
    bench.batch.clear()
    bench.add(Buffer.from('c')).fill()
    expect(bench.batch).toMatchObject({ messages: 3, resent: 2 })
    bench.confirmed()
    expect(bench.batch).toMatchObject({ messages: 0, payloadBytes: 0, resent: 0, chunks: [] })
  })
})

describe('a message', () => {
  it('whose time has come is not written, and one that has a millisecond left is', () => {
    const bench = new Bench()
    bench.add(Buffer.from('long ago'), { id: 'long ago', expiresAtMs: 1 })
    bench.add(Buffer.from('now'), { id: 'now', expiresAtMs: NOW.ms })
    bench.add(Buffer.from('soon'), { id: 'soon', expiresAtMs: NOW.ms + 1 })
    bench.add(Buffer.from('never'), { id: 'never' })
    expect(bench.fill()).toBe(true)
    expect(bench.unwritten).toEqual(['long ago expired', 'now expired'])
    expect(bench.batch).toMatchObject({ messages: 2, hasIds: true })
  })

  it('for another connection is not written', () => {
    const bench = new Bench()
    for (const epoch of [2, 3, 4, 0]) {
      bench.add(Buffer.of(epoch), { id: `for ${String(epoch)}`, epoch })
    }
    bench.fill()
    expect(bench.unwritten).toEqual(['for 2 epoch', 'for 4 epoch'])
    expect(bench.batch.messages).toBe(2)
  })

  it('that ends unwritten makes no write where it was the only one', () => {
    const bench = new Bench().add(Buffer.from('x'), { id: 'x', expiresAtMs: NOW.ms })
    expect(bench.fill()).toBe(false)
    expect(bench.batch).toMatchObject({ messages: 0, chunks: [] })
    expect(bench.outbox.messages).toBe(0)
  })

  it('that the codec fails at is told with what the codec has done, and the others go on', () => {
    const bench = new Bench({
      encode: (payload, into, at) => {
        if (payload.length === 1) throw new Error('one byte')
        return payload.length === 2 ? at : CODEC.encode(payload, into, at)
      },
    })
    for (const text of ['x', 'four', 'xx', 'again']) bench.add(Buffer.from(text), { id: text })
    expect(bench.fill()).toBe(true)
    expect(bench.unwritten).toEqual([
      'x codec Error: one byte',
      'xx codec RangeError: codec: encode answered 8, outside the room it asked for',
    ])
    const expected = ['four', 'again'].map((text) => frame(Buffer.from(text)))
    expect(Buffer.concat(bench.batch.chunks)).toEqual(Buffer.concat(expected))
    expect(bench.batch.messages).toBe(2)
  })

  it('whose header the codec fails to write is told, and the others go on', () => {
    const write = (): never => {
      throw new Error('no header')
    }
    const bench = new Bench({ header: { bytes: HEADER_BYTES, write } })
    bench.add(new Uint8Array(LARGE_BYTES), { id: 'large' }).add(Buffer.from('small'))
    expect(bench.fill()).toBe(true)
    expect(bench.unwritten).toEqual(['large codec Error: no header'])
    expect(Buffer.concat(bench.batch.chunks)).toEqual(Buffer.from(frame(Buffer.from('small'))))
  })
})

describe('control frames', () => {
  it.each([0, 10, 1_015, 1_016, 2_000, 100_000])(
    'of %i bytes go first, count as no message, and cost none',
    (bytes) => {
      const bench = new Bench()
      const control = [new Uint8Array(bytes).fill(1), new Uint8Array(bytes).fill(2)]
      const payloads = [KIB, 3_000, LARGE_BYTES, 10].map((size) => new Uint8Array(size).fill(size))
      for (const payload of payloads) bench.add(payload)
      const stream: Uint8Array[] = []
      let messages = 0
      for (let next = control; bench.fill(...next); next = []) {
        stream.push(...bench.batch.chunks.map((chunk) => chunk.slice()))
        messages += bench.batch.messages
        bench.confirmed()
      }
      const frames = [...control, ...payloads].map(frame)
      expect(Buffer.concat(stream).equals(Buffer.concat(frames))).toBe(true)
      expect([messages, bench.unwritten, bench.unencoded]).toEqual([4, [], []])
    },
  )

  it('that the codec fails at are told, and messages go on', () => {
    const bench = new Bench({
      encode: (payload, into, at) => {
        if (payload.length === 0) throw new Error('empty')
        return CODEC.encode(payload, into, at)
      },
    })
    bench.add(new Uint8Array(5_000).fill(7))
    expect(bench.fill(new Uint8Array(0))).toBe(true)
    expect(bench.unencoded).toEqual(['a heartbeat, or a payload of an opening: Error: empty'])
    expect(bench.batch.chunks.map(({ length }) => length)).toEqual([5_004])
  })
})
