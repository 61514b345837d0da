/**
 * The memory of a node that survives the end of its process and a power cut. A node has one journal, with a queue for
 * each durable link.
 *
 * Everything that the caller gives to the journal within one callback of the event loop is one unit: after a crash the
 * journal has all of it or nothing. So a message for three links is there for all three, and a message that leaves one
 * queue and enters another one is in exactly one of them.
 *
 * The journal calls no callback before the call that leads to it has returned.
 */
export interface Journal {
  /** Takes the storage and reads what is there. Ends with exactly one of `opened` and `failed` of the handler. */
  open(handler: JournalHandler): void
  /** The queue with this name, which the first call creates. Only after `opened`. Always the same object for a name. */
  queue(name: string): JournalQueue
  /**
   * The number of the latest thing that was given to the journal. It grows with each `enter`, `leave` and `note`, so the
   * caller remembers one number instead of a promise for each message: `stored` reports which tickets are stored.
   */
  readonly ticket: number
  /**
   * Why the journal would reject messages with these payload bytes in total; undefined: it takes them. The caller asks
   * before it gives the copies of a message to several queues, because a part of them could not be taken back.
   */
  refuses(messages: number, payloadBytes: number): JournalRefusal | undefined
  /**
   * Stores what is not stored yet, then releases the storage. The caller gives nothing to the journal any more. If the
   * disk fails or is full, what is not stored yet is lost; the handler has then not been told that it is stored.
   */
  close(closed: () => void): void
}

/**
 * `full`: the disk, or the limit for the size of the journal, has no room for more; see `full` of the handler. `behind`:
 * too many bytes wait for the disk. `failed`: see `failed` of the handler.
 */
export type JournalRefusal = 'full' | 'behind' | 'failed'

/** Receives what happens to a journal. */
export interface JournalHandler {
  /**
   * The journal is open. `found` has every queue that the journal knows, also those that no link uses any more. The
   * caller takes the list over, and the journal does not keep it.
   */
  opened(found: readonly FoundQueue[]): void
  /** Everything up to and including this ticket survives a power cut. Tickets only grow. */
  stored(ticket: number): void
  /**
   * true: there is no room for further messages, and `enter` throws until this is called with false. Leaving and notes
   * go on. The journal tries again by itself.
   */
  full(isFull: boolean): void
  /**
   * The journal could not be opened; or the disk has failed, and nothing more is stored. It is unknown which of the
   * things after the last `stored` the disk has. The last call; `close` is still necessary.
   */
  failed(error: Error): void
}

/** A queue: numbered messages that enter at the end and leave anywhere, mostly at the head; and one note. */
export interface JournalQueue {
  /**
   * Adds a message at the end.
   * @returns its number. The first message of a queue has the number 1, and each further one the next number, also
   * after a restart. A number that was not stored before a crash is used again.
   * @throws CommloopError CML_ERR_JOURNAL_FULL or CML_ERR_JOURNAL_FAILED if `refuses` says so; then nothing has changed
   */
  enter(message: StoredFacts, payload: Uint8Array): number
  /**
   * These messages have ended. Numbers that have left before, or that were never entered, have no effect. Leaving does
   * not cause a write of its own: it is stored with the next batch, or after a second. A crash before that brings the
   * messages back.
   */
  leave(first: number, count: number): void
  /** Replaces the note of the queue; undefined removes it. The journal copies the bytes. */
  note(bytes: Uint8Array | undefined): void
  /**
   * Reads payloads of stored messages: those that are in the queue, from the number `first` on, in their order. At least
   * one; after the first one at most `bytesMax` bytes in total. An error is also reported to `failed` of the handler.
   */
  read(
    first: number,
    bytesMax: number,
    done: (messages: readonly StoredPayload[] | Error) => void,
  ): void
  /**
   * Forgets the queue and everything in it. Its next message has the number 1 again. For queues that no link uses: the
   * journal remembers every other queue for ever, because its numbers must go on.
   */
  forget(): void
}

/** What is stored about a message in addition to its payload. */
export interface StoredFacts {
  readonly id: string | undefined
  /** Milliseconds since 1970 by the clock of the machine; undefined: never. */
  readonly expiresAtUtcMs: number | undefined
}

/** A message that was found in the journal. */
export interface FoundMessage extends StoredFacts {
  readonly number: number
  readonly payloadBytes: number
}

/** A queue that was found in the journal. */
export interface FoundQueue {
  readonly name: string
  /** The number of the next message. */
  readonly next: number
  /** When the oldest of the messages entered, in milliseconds since 1970; undefined: there are no messages. */
  readonly oldestUtcMs: number | undefined
  /** In the order of their numbers. */
  readonly messages: readonly FoundMessage[]
  readonly note: Uint8Array | undefined
}

/** A payload that was read from the journal. */
export interface StoredPayload {
  readonly number: number
  readonly payload: Uint8Array
}
