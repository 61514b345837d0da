import { crc32 } from 'node:zlib'
import { readUInt64, SECTOR_BYTES, writeUInt64 } from './batch-layout.js'

/** The version of the format that this code writes, and the highest one that it reads. */
export const JOURNAL_FORMAT = 1
export const JOURNAL_ID_BYTES = 16

/** "CMLS" as it stands in the file. */
const MAGIC = 0x534c_4d43
const FORMAT_AT = 4
const NUMBER_AT = 8
const ID_AT = 16
const BATCHES_AT = 32
const UTC_AT = 40
const WRITER_AT = 48
const WRITER_BYTES_MAX = 64
const BYTES_AT = WRITER_AT + WRITER_BYTES_MAX
const CRC_AT = SECTOR_BYTES - 4

/**
 * The first sector of a segment.
 *
 *     "CMLS" 4 │ format 2 │ flags 2 │ number 8 │ journal id 16 │ batches before 8 │ utc 8 │ writer 64 │
 *     segment bytes 8 │ zeros │ crc32 4
 *
 * A file has its name `<number>.seg` only after its head and its first batch are durable. So a segment with a name and
 * without a valid head is damaged, and was never merely unfinished.
 */
export interface SegmentHead {
  readonly format: number
  readonly number: number
  /** Random, the same in all segments of a journal: 32 hexadecimal digits. */
  readonly journal: string
  /** The number of the last batch before the first one of this segment. */
  readonly batchesBefore: number
  /** The program that has written the segment, for messages. */
  readonly writer: string
  /** Size of the file. A shorter file has lost its end. */
  readonly bytes: number
}

export function writeSegmentHead(head: SegmentHead, utcMs: number): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES)
  sector.writeUInt32LE(MAGIC, 0)
  sector.writeUInt16LE(head.format, FORMAT_AT)
  writeUInt64(sector, head.number, NUMBER_AT)
  sector.write(head.journal, ID_AT, 'hex')
  writeUInt64(sector, head.batchesBefore, BATCHES_AT)
  sector.writeDoubleLE(utcMs, UTC_AT)
  sector.write(head.writer, WRITER_AT, WRITER_BYTES_MAX, 'utf8')
  writeUInt64(sector, head.bytes, BYTES_AT)
  sector.writeUInt32LE(crc32(sector.subarray(0, CRC_AT)), CRC_AT)
  return sector
}

/** undefined: this is not a whole head. */
export function readSegmentHead(sector: Buffer): SegmentHead | undefined {
  if (sector.length < SECTOR_BYTES || sector.readUInt32LE(0) !== MAGIC) return undefined
  if (sector.readUInt32LE(CRC_AT) !== crc32(sector.subarray(0, CRC_AT))) return undefined
  const writer = sector.subarray(WRITER_AT, WRITER_AT + WRITER_BYTES_MAX).toString('utf8')
  return {
    format: sector.readUInt16LE(FORMAT_AT),
    number: readUInt64(sector, NUMBER_AT),
    journal: sector.toString('hex', ID_AT, ID_AT + JOURNAL_ID_BYTES),
    batchesBefore: readUInt64(sector, BATCHES_AT),
    writer: writer.replace(/\0+$/, ''),
    bytes: readUInt64(sector, BYTES_AT),
  }
}

/** What the checksums of all batches of a segment start from: number of the segment and journal id. */
export function segmentSalt(head: SegmentHead): number {
  const identity = Buffer.alloc(8 + JOURNAL_ID_BYTES)
  writeUInt64(identity, head.number, 0)
  identity.write(head.journal, 8, 'hex')
  return crc32(identity)
}
