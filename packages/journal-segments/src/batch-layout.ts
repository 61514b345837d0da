import { crc32 } from 'node:zlib'

/** Disks write whole sectors: no batch shares one with another batch, so no write touches a sector of an older batch. */
export const SECTOR_BYTES = 512
export const BATCH_HEAD_BYTES = 32

/** "CMLB" as it stands in the file. */
const MAGIC = 0x424c_4d43
const BYTES_AT = 4
const CRC_AT = 8
const RECORDS_AT = 12
const NUMBER_AT = 16
const UTC_AT = 24
const UINT32 = 2 ** 32

/**
 * What one write to the journal holds. All numbers are little-endian.
 *
 *     "CMLB" 4 │ bytes 4 │ crc32 4 │ records 4 │ number 8 │ utc 8 │ records … │ zeros to a multiple of 512
 *
 * `bytes` is the length with the zeros. `crc32` covers everything behind itself, and starts from the checksum of the
 * segment (`segmentSalt`): a batch that belongs to another file, or to an earlier use of the same file, is not valid.
 */
export interface BatchHead {
  readonly bytes: number
  readonly records: number
  /** One more than the number of the batch before it, in the whole journal. */
  readonly number: number
}

/** What is said in the head of a batch when it is completed. */
export interface BatchFacts {
  readonly records: number
  readonly number: number
  readonly utcMs: number
  readonly salt: number
}

export function paddedBytes(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES
}

/**
 * Fills in head and padding of a batch whose records end at `end`.
 * @returns the bytes to write, as a view; `buffer` has room for the padding
 */
export function completeBatch(
  buffer: Buffer,
  end: number,
  { records, number, utcMs, salt }: BatchFacts,
): Buffer {
  const bytes = paddedBytes(end)
  buffer.fill(0, end, bytes)
  buffer.writeUInt32LE(MAGIC, 0)
  buffer.writeUInt32LE(bytes, BYTES_AT)
  buffer.writeUInt32LE(records, RECORDS_AT)
  writeUInt64(buffer, number, NUMBER_AT)
  buffer.writeDoubleLE(utcMs, UTC_AT)
  buffer.writeUInt32LE(crc32(buffer.subarray(RECORDS_AT, bytes), salt), CRC_AT)
  return buffer.subarray(0, bytes)
}

/** Reads a head without checking the rest of the batch; undefined: there is no batch. */
export function readBatchHead(chunk: Buffer): BatchHead | undefined {
  if (chunk.length < BATCH_HEAD_BYTES || chunk.readUInt32LE(0) !== MAGIC) return undefined
  const bytes = chunk.readUInt32LE(BYTES_AT)
  if (bytes === 0 || bytes % SECTOR_BYTES !== 0) return undefined
  const number = readUInt64(chunk, NUMBER_AT)
  return { bytes, records: chunk.readUInt32LE(RECORDS_AT), number }
}

/** True if this is a whole batch of the segment with this salt. */
export function isWhole(batch: Buffer, salt: number): boolean {
  return batch.readUInt32LE(CRC_AT) === crc32(batch.subarray(RECORDS_AT), salt)
}

export function writeUInt64(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32LE(value % UINT32, at)
  buffer.writeUInt32LE(Math.floor(value / UINT32), at + 4)
}

export function readUInt64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * UINT32
}
