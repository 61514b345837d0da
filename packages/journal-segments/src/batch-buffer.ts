import { BATCH_HEAD_BYTES, paddedBytes } from './batch-layout.js'
import { type RecordHead, RECORD_HEAD_BYTES, writeRecordHead } from './record-layout.js'

const FIRST_BYTES = 16 * 1024

/** The records of one batch, encoded as they come. */
export class BatchBuffer {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  /** Where the records end. */
  end = BATCH_HEAD_BYTES
  records = 0
  /** A message, a note or the end of a queue is among them, which must not wait for a second. */
  isUrgent = false
  /** The ticket of the last thing in it. */
  ticket = 0

  /** The memory of the batch, with room for the padding. */
  get memory(): Buffer {
    return this.#bytes
  }

  get capacity(): number {
    return this.#bytes.length
  }

  /** @returns where the record is in the batch */
  add(head: RecordHead, id: Uint8Array | undefined, payload: Uint8Array | undefined): number {
    const at = this.end
    const end = at + RECORD_HEAD_BYTES + head.idBytes + head.payloadBytes
    this.#reserve(end)
    writeRecordHead(this.#bytes, at, head)
    if (id !== undefined) this.#bytes.set(id, at + RECORD_HEAD_BYTES)
    if (payload !== undefined) this.#bytes.set(payload, end - head.payloadBytes)
    this.end = end
    this.records++
    return at
  }

  /** Adds records that are encoded already. @returns where the first one is in the batch */
  addEncoded(encoded: Uint8Array, records: number): number {
    const at = this.end
    this.#reserve(at + encoded.length)
    this.#bytes.set(encoded, at)
    this.end = at + encoded.length
    this.records += records
    return at
  }

  /** Adds the records of another buffer. */
  append({ memory, end, records }: BatchBuffer): void {
    this.addEncoded(memory.subarray(BATCH_HEAD_BYTES, end), records)
  }

  /** Removes the records from this place on. */
  cut(at: number, records: number): void {
    this.end = at
    this.records = records
  }

  clear(): void {
    this.cut(BATCH_HEAD_BYTES, 0)
    this.isUrgent = false
    this.ticket = 0
  }

  #reserve(end: number): void {
    const needed = paddedBytes(end)
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.end)
    this.#bytes = larger
  }
}
