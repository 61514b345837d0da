import { crc32 } from 'node:zlib'
import { SegmentJournal } from '@commloop/journal-segments'
import { ManualClock, SeededRandom, SimulatedDisk } from '@commloop/testing'
import { describe, expect, it } from 'vitest'

const SEGMENT_BYTES = 4096
const UTC_MS = 1_764_547_200_000

/** A journal of one message with id `17`, payload `abc`, and an end of its time; then it leaves. */
function written(): SimulatedDisk {
  const clock = new ManualClock()
  const disk = new SimulatedDisk(clock, new SeededRandom(1))
  const surroundings = {
    storage: disk,
    clock,
    random: { next: () => 0.5 },
    utcMs: () => UTC_MS,
    logger: { info: () => undefined },
    writer: 'commloop 1',
  }
  const journal = new SegmentJournal(surroundings, {
    segmentBytes: SEGMENT_BYTES,
    unstoredBytesMax: SEGMENT_BYTES,
  })
  const ignore = (): void => undefined
  journal.open({ opened: ignore, stored: ignore, full: ignore, failed: ignore })
  clock.advance(100)
  const queue = journal.queue('mes')
  queue.enter({ id: '17', expiresAtUtcMs: UTC_MS + 1000 }, Buffer.from('abc'))
  clock.advance(100)
  queue.leave(1, 1)
  clock.advance(5_000)
  return disk
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex')
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(Math.ceil(bytes.length / 512) * 512 - bytes.length)])
}

/** Written down from the page, not with the code of the package. */
const JOURNAL_ID = Buffer.alloc(16, 0x80)
const SALT = crc32(Buffer.concat([uint64(1), JOURNAL_ID]))

function head(): Buffer {
  const writer = Buffer.alloc(64)
  writer.write('commloop 1')
  const facts = [
    hex('434d4c53 0100 0000'),
    uint64(1),
    JOURNAL_ID,
    uint64(0),
    float64(UTC_MS),
    writer,
    uint64(SEGMENT_BYTES),
  ]
  const sector = padded(Buffer.concat(facts))
  sector.writeUInt32LE(crc32(sector.subarray(0, 508)), 508)
  return sector
}

function batch(number: number, records: readonly Buffer[]): Buffer {
  const facts = [
    hex('434d4c42'),
    Buffer.alloc(8),
    uint32(records.length),
    uint64(number),
    float64(UTC_MS),
  ]
  const bytes = padded(Buffer.concat([...facts, ...records]))
  bytes.writeUInt32LE(bytes.length, 4)
  bytes.writeUInt32LE(crc32(bytes.subarray(12), SALT), 8)
  return bytes
}

const QUEUE = Buffer.concat([
  hex('01 00 0000 01000000'),
  uint64(1),
  float64(1),
  float64(0),
  uint32(0),
  uint32(3),
  Buffer.from('mes'),
])
const ENTER = Buffer.concat([
  hex('02 03 0000 01000000'),
  uint64(1),
  float64(UTC_MS + 1000),
  float64(UTC_MS),
  uint32(2),
  uint32(3),
  Buffer.from('17abc'),
])
const LEAVE = Buffer.concat([
  hex('03 00 0000 01000000'),
  uint64(1),
  float64(1),
  float64(0),
  uint32(0),
  uint32(0),
])

describe('the format of a segment', () => {
  it('is the one of the page, byte by byte', () => {
    const segment = written().contentOf('0000000001.seg')
    const expected = Buffer.concat([
      head(),
      batch(1, []),
      batch(2, [QUEUE, ENTER]),
      // What leaves is stored within a second. The batch also proves the one before it.
      batch(3, [LEAVE]),
    ])
    expect(segment?.length).toBe(SEGMENT_BYTES)
    expect(segment?.subarray(0, expected.length).toString('hex')).toBe(expected.toString('hex'))
    expect(segment?.subarray(expected.length).every((byte) => byte === 0)).toBe(true)
  })
})
