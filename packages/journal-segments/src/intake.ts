import type { Clock } from '@commloop/core'
import { BatchBuffer } from './batch-buffer.js'
import { BATCH_HEAD_BYTES } from './batch-layout.js'
import { RECORD, type RecordHead, widenLeave } from './record-layout.js'

/** Buffers that are kept for the next batches. Two are in use while the disk keeps up. */
const IDLE_BUFFERS_MAX = 2
/** A buffer that had to grow further than this, for a single large callback, is not kept. */
const IDLE_BUFFER_BYTES_MAX = 4 * 1024 * 1024

const NONE = {
  flags: 0,
  queue: 0,
  number: 0,
  value: 0,
  enteredUtcMs: 0,
  idBytes: 0,
  payloadBytes: 0,
}

/**
 * What waits for the disk, already encoded. What was given within one callback of the event loop is a group, and a
 * batch consists of whole groups:
 *
 *     full batches ─┃─ last batch: closed groups │ group of the present callback
 */
export class Intake {
  readonly #clock: Clock
  readonly #batchBytesMax: number
  readonly #groupEnded: () => void
  readonly #full: BatchBuffer[] = []
  readonly #idle: BatchBuffer[] = []
  #last = new BatchBuffer()
  /** Where the group of the present callback begins in the last batch. */
  #groupAt = BATCH_HEAD_BYTES
  #groupRecords = 0
  #groupIsUrgent = false
  #isGroupOpen = false
  /** The LEAVE record at the end of the group, which the next messages of the same queue may join. */
  #leaveAt = 0
  #leaveQueue = 0
  #leaveEnd = 0
  #takenBytes = 0
  /** The last thing that was given. */
  ticket = 0

  /** `groupEnded` is called at the end of each callback that has given something. */
  constructor(clock: Clock, batchBytesMax: number, groupEnded: () => void) {
    this.#clock = clock
    this.#batchBytesMax = batchBytesMax
    this.#groupEnded = groupEnded
  }

  /** Bytes of everything that is not stored yet. */
  get unstoredBytes(): number {
    let bytes = this.#takenBytes + this.#last.end - BATCH_HEAD_BYTES
    for (const batch of this.#full) bytes += batch.end
    return bytes
  }

  get isUrgent(): boolean {
    return this.#full.length > 0 || this.#last.isUrgent
  }

  get isEmpty(): boolean {
    return this.#full.length === 0 && this.#last.records === 0
  }

  /** True within a callback that has given something: its group is not complete. */
  get isGroupOpen(): boolean {
    return this.#isGroupOpen
  }

  /** Adds a record that must not wait. */
  add(head: Partial<RecordHead> & Pick<RecordHead, 'type'>, id?: Uint8Array, payload?: Uint8Array) {
    this.#begin(true)
    const idBytes = id?.length ?? 0
    const payloadBytes = payload?.length ?? 0
    this.#last.add({ ...NONE, ...head, idBytes, payloadBytes }, id, payload)
  }

  /** Adds a message. The same as `add`, without its objects: this is called for each message. */
  addMessage(head: RecordHead, id: Uint8Array | undefined, payload: Uint8Array): void {
    this.#begin(true)
    this.#last.add(head, id, payload)
  }

  /** Adds a record that is encoded already, in a group of its own. */
  addEncoded(encoded: Uint8Array): void {
    this.#begin(true)
    this.#last.addEncoded(encoded, 1)
  }

  addLeave(queue: number, first: number, count: number): void {
    const joins = this.#leaveAt > 0 && this.#leaveQueue === queue && this.#leaveEnd === first
    if (joins) {
      this.ticket++
      widenLeave(this.#last.memory, this.#leaveAt, count)
    } else {
      this.#begin(false)
      const head = { ...NONE, type: RECORD.leave, queue, number: first, value: count }
      this.#leaveAt = this.#last.add(head, undefined, undefined)
      this.#leaveQueue = queue
    }
    this.#leaveEnd = first + count
  }

  /** Adds that a segment is not needed any more, which may wait. */
  addFree(segment: number): void {
    this.#begin(false)
    this.#last.add({ ...NONE, type: RECORD.free, number: segment }, undefined, undefined)
  }

  /** The next batch, for which the caller calls `stored`. Only while no group is open. */
  take(): BatchBuffer {
    const batch = this.#full.shift() ?? this.#takeLast()
    this.#takenBytes += batch.end
    return batch
  }

  /** A batch that was taken is stored, and its memory may be used again. */
  stored(batch: BatchBuffer): void {
    this.#takenBytes -= batch.end
    if (this.#idle.length >= IDLE_BUFFERS_MAX || batch.capacity > IDLE_BUFFER_BYTES_MAX) return
    batch.clear()
    this.#idle.push(batch)
  }

  #takeLast(): BatchBuffer {
    const batch = this.#last
    this.#last = this.#fresh()
    this.#groupAt = BATCH_HEAD_BYTES
    this.#groupRecords = 0
    return batch
  }

  #begin(isUrgent: boolean): void {
    this.ticket++
    this.#leaveAt = 0
    if (isUrgent) this.#groupIsUrgent = true
    if (this.#isGroupOpen) return
    this.#isGroupOpen = true
    this.#clock.soon(() => {
      this.#closeGroup()
    })
  }

  #closeGroup(): void {
    this.#isGroupOpen = false
    this.#leaveAt = 0
    if (this.#last.end > this.#batchBytesMax && this.#groupAt > BATCH_HEAD_BYTES) this.#split()
    this.#last.ticket = this.ticket
    if (this.#groupIsUrgent) this.#last.isUrgent = true
    this.#groupIsUrgent = false
    this.#groupAt = this.#last.end
    this.#groupRecords = this.#last.records
    this.#groupEnded()
  }

  /** The last batch is large enough without the present group, which begins the next one. */
  #split(): void {
    const full = this.#last
    const group = full.memory.subarray(this.#groupAt, full.end)
    this.#last = this.#fresh()
    this.#last.addEncoded(group, full.records - this.#groupRecords)
    full.cut(this.#groupAt, this.#groupRecords)
    this.#full.push(full)
  }

  #fresh(): BatchBuffer {
    return this.#idle.pop() ?? new BatchBuffer()
  }
}
