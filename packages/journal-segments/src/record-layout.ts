import { BATCH_HEAD_BYTES, readUInt64, writeUInt64 } from './batch-layout.js'

export const RECORD_HEAD_BYTES = 40

/**
 * What a record says, and what its fields mean. In every other case a field is 0.
 *
 * | record    | queue | number              | value         | entered utc | payload | means
 * | QUEUE     | its   | all below have left | next number   |             | name    | a queue, or its state in a head
 * | ENTER     | its   | of the message      | expires utc   | yes         | payload | a message has entered
 * | LEAVE     | its   | first               | how many      |             |         | these messages have left
 * | NOTE      | its   |                     |               |             | note    | replaces the note before it
 * | FORGET    | its   |                     |               |             |         | the queue and all of it is gone
 * | SEGMENT   |       | of the segment      | where it ends |             |         | in a head: it exists
 * | FREE      |       | of the segment      |               |             |         | it is not needed any more
 */
export const RECORD = {
  queue: 1,
  enter: 2,
  leave: 3,
  note: 4,
  forget: 5,
  segment: 6,
  free: 7,
} as const

export type RecordType = (typeof RECORD)[keyof typeof RECORD]

/** ENTER: the message has an id. NOTE: there is a note. */
export const FLAG_PRESENT = 1
/** ENTER: `value` is the end of the message's time. */
export const FLAG_EXPIRES = 2
/** ENTER: the id is not valid Unicode, so it is stored in UTF-16 and not in UTF-8. */
export const FLAG_UTF16 = 4

const FLAGS_AT = 1
const QUEUE_AT = 4
const NUMBER_AT = 8
const VALUE_AT = 16
const ENTERED_AT = 24
const ID_BYTES_AT = 32
const PAYLOAD_BYTES_AT = 36

/** The head of a record, with the lengths of what follows it. */
export interface RecordHead {
  readonly type: RecordType
  readonly flags: number
  readonly queue: number
  readonly number: number
  readonly value: number
  readonly enteredUtcMs: number
  readonly idBytes: number
  readonly payloadBytes: number
}

/**
 *     type 1 │ flags 1 │ 0 2 │ queue 4 │ number 8 │ value 8 │ entered utc 8 │ id bytes 4 │ payload bytes 4 │ id │ payload
 *
 * `value` and `entered utc` are 64-bit floating-point numbers, the others unsigned whole numbers.
 */
export function writeRecordHead(buffer: Buffer, at: number, head: RecordHead): void {
  buffer.writeUInt32LE(head.type | (head.flags << 8), at)
  buffer.writeUInt32LE(head.queue, at + QUEUE_AT)
  writeUInt64(buffer, head.number, at + NUMBER_AT)
  buffer.writeDoubleLE(head.value, at + VALUE_AT)
  buffer.writeDoubleLE(head.enteredUtcMs, at + ENTERED_AT)
  buffer.writeUInt32LE(head.idBytes, at + ID_BYTES_AT)
  buffer.writeUInt32LE(head.payloadBytes, at + PAYLOAD_BYTES_AT)
}

/** Makes the LEAVE record at this place end `count` more messages. */
export function widenLeave(buffer: Buffer, at: number, count: number): void {
  buffer.writeDoubleLE(buffer.readDoubleLE(at + VALUE_AT) + count, at + VALUE_AT)
}

/** Walks over the records of a batch. One object for all of them: a segment may hold a hundred thousand. */
export class RecordCursor implements RecordHead {
  type: RecordType = RECORD.queue
  flags = 0
  queue = 0
  number = 0
  value = 0
  enteredUtcMs = 0
  idBytes = 0
  payloadBytes = 0
  /** Offset of the record in its batch. */
  at = 0
  #batch: Buffer = Buffer.alloc(0)
  #left = 0
  #next = 0

  /** Starts before the first record of a batch. */
  start(batch: Buffer, records: number): void {
    this.#batch = batch
    this.#left = records
    this.#next = BATCH_HEAD_BYTES
  }

  /** Reads one record at a known place. */
  seek(batch: Buffer, at: number): void {
    this.#batch = batch
    this.#left = 1
    this.#next = at
    this.next()
  }

  /** Goes to the next record. @returns false if there is none */
  next(): boolean {
    if (this.#left === 0) return false
    this.#left--
    const at = this.#next
    const batch = this.#batch
    this.at = at
    this.type = batch.readUInt8(at) as RecordType
    this.flags = batch.readUInt8(at + FLAGS_AT)
    this.queue = batch.readUInt32LE(at + QUEUE_AT)
    this.number = readUInt64(batch, at + NUMBER_AT)
    this.value = batch.readDoubleLE(at + VALUE_AT)
    this.enteredUtcMs = batch.readDoubleLE(at + ENTERED_AT)
    this.idBytes = batch.readUInt32LE(at + ID_BYTES_AT)
    this.payloadBytes = batch.readUInt32LE(at + PAYLOAD_BYTES_AT)
    this.#next = at + this.bytes
    return true
  }

  /** Of the whole record. */
  get bytes(): number {
    return RECORD_HEAD_BYTES + this.idBytes + this.payloadBytes
  }

  /** A view into the batch. */
  get payload(): Buffer {
    const at = this.at + RECORD_HEAD_BYTES + this.idBytes
    return this.#batch.subarray(at, at + this.payloadBytes)
  }

  get id(): string | undefined {
    if ((this.flags & FLAG_PRESENT) === 0) return undefined
    const at = this.at + RECORD_HEAD_BYTES
    const encoding = (this.flags & FLAG_UTF16) === 0 ? 'utf8' : 'utf16le'
    return this.#batch.toString(encoding, at, at + this.idBytes)
  }

  get expiresAtUtcMs(): number | undefined {
    return (this.flags & FLAG_EXPIRES) === 0 ? undefined : this.value
  }

  /** The record with everything that belongs to it, as a view into the batch. */
  get whole(): Buffer {
    return this.#batch.subarray(this.at, this.at + this.bytes)
  }
}
