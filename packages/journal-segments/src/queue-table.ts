import type { FoundQueue } from '@commloop/core'
import { SECTOR_BYTES } from './batch-layout.js'
import { FoundMessages } from './found-messages.js'
import { LivePlaces } from './live-places.js'
import { NumberRuns } from './number-runs.js'
import { FLAG_PRESENT, RECORD, type RecordCursor } from './record-layout.js'
import type { SegmentTable } from './segment-table.js'

/** A queue as the disk has it. */
export class StoredQueue {
  readonly id: number
  readonly name: string
  /** Every message below has left. */
  base = 1
  /** The number of the next message. */
  next = 1
  /** Messages from `base` on that have left. */
  readonly holes = new NumberRuns()
  readonly places: LivePlaces
  note: Uint8Array | undefined
  /** What a start hands over; undefined after the start. */
  found: FoundMessages | undefined

  constructor(id: number, name: string, segments: SegmentTable) {
    this.id = id
    this.name = name
    this.places = new LivePlaces(segments)
  }

  /** True if this number has not left, whether it is stored or not. */
  keeps(number: number): boolean {
    return number >= this.base && !this.holes.has(number)
  }

  leave(first: number, count: number): void {
    const end = first + count
    this.places.remove(first, end)
    this.found?.remove(first, end)
    if (first > this.base) this.holes.add(first, end)
    else if (end > this.base) this.base = this.holes.removeUpTo(end)
  }
}

const NOTHING = { messages: [], oldestUtcMs: undefined }

/** Where a batch is stored. */
export interface BatchPlace {
  readonly segment: number
  /** Offset of the batch in its segment. */
  readonly at: number
}

/**
 * All queues as the disk has them, after the last batch that is stored. A record changes the table only here, both when
 * a start replays the segments and when a batch has been stored, so that the table always says what a start would find.
 * The head of a segment repeats it, and contains nothing that is still on its way to the disk.
 */
export class QueueTable {
  readonly #segments: SegmentTable
  readonly #byId = new Map<number, StoredQueue>()
  readonly #byName = new Map<string, StoredQueue>()
  #collects = false
  #lastId = 0

  constructor(segments: SegmentTable) {
    this.#segments = segments
  }

  all(): IterableIterator<StoredQueue> {
    return this.#byId.values()
  }

  get(id: number): StoredQueue | undefined {
    return this.#byId.get(id)
  }

  named(name: string): StoredQueue | undefined {
    return this.#byName.get(name)
  }

  /** An id that no queue has had since the start. */
  newId(): number {
    return ++this.#lastId
  }

  /** From now on the table remembers what a start hands over, until `takeFound`. */
  collect(): void {
    this.#collects = true
  }

  /** Changes the table by a record of a batch at this place. Records of segments change nothing. */
  apply(record: RecordCursor, place: BatchPlace): void {
    if (record.type === RECORD.queue) this.#applyQueue(record)
    else if (record.type === RECORD.forget) this.#forget(record.queue)
    else {
      const queue = this.#byId.get(record.queue)
      if (queue !== undefined) this.#applyTo(queue, record, place)
    }
  }

  /** A head lists all queues: those that are not among `ids` were forgotten in a segment that is not needed any more. */
  keepOnly(ids: ReadonlySet<number>): void {
    for (const id of this.#byId.keys()) if (!ids.has(id)) this.#forget(id)
  }

  /** Hands over what `collect` has remembered. */
  takeFound(): FoundQueue[] {
    this.#collects = false
    return [...this.#byId.values()].map((queue) => {
      const { messages, oldestUtcMs } = queue.found?.take() ?? NOTHING
      queue.found = undefined
      return { name: queue.name, next: queue.next, oldestUtcMs, messages, note: queue.note }
    })
  }

  #applyQueue(record: RecordCursor): void {
    const queue =
      this.#byId.get(record.queue) ?? this.#make(record.queue, record.payload.toString())
    if (record.number > queue.base) queue.leave(queue.base, record.number - queue.base)
    queue.next = Math.max(queue.next, record.value)
    // In a head, the NOTE follows. If there is none, an older segment may still have one that was removed.
    queue.note = undefined
  }

  #applyTo(queue: StoredQueue, record: RecordCursor, place: BatchPlace): void {
    if (record.type === RECORD.enter) this.#applyEnter(queue, record, place)
    else if (record.type === RECORD.leave) queue.leave(record.number, record.value)
    else if (record.type === RECORD.note) {
      const isPresent = (record.flags & FLAG_PRESENT) !== 0
      queue.note = isPresent ? Uint8Array.from(record.payload) : undefined
    }
  }

  #applyEnter(queue: StoredQueue, record: RecordCursor, { segment, at }: BatchPlace): void {
    const { number, payloadBytes } = record
    queue.next = Math.max(queue.next, number + 1)
    // A message may have left while its record was on the way to another segment.
    if (!queue.keeps(number)) return
    queue.places.set(number, segment, at / SECTOR_BYTES, record.at, payloadBytes)
    if (!this.#collects) return
    const { id, expiresAtUtcMs } = record
    queue.found ??= new FoundMessages()
    queue.found.set({ number, payloadBytes, id, expiresAtUtcMs }, record.enteredUtcMs)
  }

  #make(id: number, name: string): StoredQueue {
    const queue = new StoredQueue(id, name, this.#segments)
    this.#lastId = Math.max(this.#lastId, id)
    this.#byId.set(id, queue)
    this.#byName.set(name, queue)
    return queue
  }

  #forget(id: number): void {
    const queue = this.#byId.get(id)
    if (queue === undefined) return
    queue.places.removeAll()
    this.#byId.delete(id)
    if (this.#byName.get(queue.name) === queue) this.#byName.delete(queue.name)
  }
}
