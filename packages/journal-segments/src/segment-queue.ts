import type { JournalQueue, StoredFacts, StoredPayload } from '@commloop/core'
import { FLAG_EXPIRES, FLAG_PRESENT, FLAG_UTF16, RECORD } from './record-layout.js'
import type { Intake } from './intake.js'
import type { QueueTable, StoredQueue } from './queue-table.js'

/** What the queues of a journal share. */
export interface QueueParts {
  readonly intake: Intake
  readonly queues: QueueTable
  readonly utcMs: () => number
  /** @throws CommloopError if the journal does not take a message with these payload bytes */
  readonly admit: (payloadBytes: number) => void
  /** True while the journal takes what ends. */
  readonly isOpen: () => boolean
  readonly read: (
    queue: StoredQueue | undefined,
    first: number,
    bytesMax: number,
    done: (messages: readonly StoredPayload[] | Error) => void,
  ) => void
}

const NO_NOTE = new Uint8Array(0)

/** A queue of a `SegmentJournal`, as its caller sees it: ahead of the disk by what is not stored yet. */
export class SegmentQueue implements JournalQueue {
  readonly #parts: QueueParts
  readonly #name: string
  /** 0: the journal does not know the queue yet. */
  #id: number
  #next: number

  constructor(name: string, parts: QueueParts) {
    this.#parts = parts
    this.#name = name
    const stored = parts.queues.named(name)
    this.#id = stored?.id ?? 0
    this.#next = stored?.next ?? 1
  }

  enter(message: StoredFacts, payload: Uint8Array): number {
    this.#parts.admit(payload.length)
    const { id, expiresAtUtcMs } = message
    const isUtf16 = id !== undefined && !isWellFormed(id)
    const encodedId = id === undefined ? undefined : Buffer.from(id, isUtf16 ? 'utf16le' : 'utf8')
    const idFlags = id === undefined ? 0 : FLAG_PRESENT | (isUtf16 ? FLAG_UTF16 : 0)
    const queue = this.#known()
    const number = this.#next++
    const head = {
      type: RECORD.enter,
      flags: idFlags | (expiresAtUtcMs === undefined ? 0 : FLAG_EXPIRES),
      queue,
      number,
      value: expiresAtUtcMs ?? 0,
      enteredUtcMs: this.#parts.utcMs(),
      idBytes: encodedId?.length ?? 0,
      payloadBytes: payload.length,
    }
    this.#parts.intake.addMessage(head, encodedId, payload)
    return number
  }

  leave(first: number, count: number): void {
    const from = Math.max(first, 1)
    const end = Math.min(first + count, this.#next)
    if (end > from && this.#parts.isOpen()) this.#parts.intake.addLeave(this.#id, from, end - from)
  }

  note(bytes: Uint8Array | undefined): void {
    if (!this.#parts.isOpen()) return
    const flags = bytes === undefined ? 0 : FLAG_PRESENT
    const head = { type: RECORD.note, flags, queue: this.#known() }
    this.#parts.intake.add(head, undefined, bytes ?? NO_NOTE)
  }

  read(
    first: number,
    bytesMax: number,
    done: (messages: readonly StoredPayload[] | Error) => void,
  ): void {
    this.#parts.read(this.#parts.queues.get(this.#id), first, bytesMax, done)
  }

  forget(): void {
    if (this.#id === 0 || !this.#parts.isOpen()) return
    this.#parts.intake.add({ type: RECORD.forget, queue: this.#id })
    this.#id = 0
    this.#next = 1
  }

  /** The id of the queue. Tells the journal about the queue if it does not know it. */
  #known(): number {
    if (this.#id !== 0) return this.#id
    this.#id = this.#parts.queues.newId()
    const head = { type: RECORD.queue, queue: this.#id, number: 1, value: 1 }
    this.#parts.intake.add(head, undefined, Buffer.from(this.#name))
    return this.#id
  }
}

/** False for half of a surrogate pair, which UTF-8 cannot express. */
function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDFFF]/.test(text) || Buffer.from(text).toString() === text
}
