import { CommloopError, type Journal, type JournalQueue } from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { JournalBook } from './journal-book.js'
import type { ModelQueue } from './journal-model.js'

const NAMES = ['furnace', 'mes', 'dead:mes', 'Öfen 2'] as const
/** The queue from which nothing leaves until the end: its messages keep segments. */
const STUCK = 'away'
const IDS = [undefined, undefined, 'id-1', '', 'ü', '\ud800'] as const
/** Most payloads are small, some are empty, and a few are larger than a batch. */
const SIZES = [0, 1, 40, 40, 200, 200, 600, 600, 3_000] as const
const OPERATIONS = ['enter', 'enter', 'enter', 'leave', 'leave', 'hole', 'move', 'note'] as const

/** Gives random things to a journal, and notes them in the book. */
export class JournalTraffic {
  readonly #random: SeededRandom
  readonly #book: JournalBook
  readonly #utcMs: () => number
  /** Makes payloads differ. */
  #salt = 0

  constructor(random: SeededRandom, book: JournalBook, utcMs: () => number) {
    this.#random = random
    this.#book = book
    this.#utcMs = utcMs
  }

  /** What one callback gives. @returns true if the journal has refused something */
  act(journal: Journal, queueOf: (name: string) => JournalQueue): boolean {
    for (let left = 1 + this.#random.int(4); left > 0; left--) {
      if (this.#operate(journal, queueOf)) return true
    }
    return false
  }

  /** One callback in which many messages leave. */
  leaveEverything(journal: Journal, queueOf: (name: string) => JournalQueue): void {
    for (const [name, { messages }] of this.#book.given.queues) {
      const [first] = messages.keys()
      if (first !== undefined) this.#leave(journal, name, queueOf(name), first, 40)
    }
  }

  /** @returns true if the journal has no room */
  #operate(journal: Journal, queueOf: (name: string) => JournalQueue): boolean {
    const name = this.#random.pick(NAMES)
    const operation = this.#random.pick(OPERATIONS)
    const queue = this.#book.given.queues.get(name)
    if (this.#random.chance(0.05)) return this.#enter(journal, STUCK, queueOf(STUCK))
    if (operation === 'enter') return this.#enter(journal, name, queueOf(name))
    if (operation === 'note') this.#note(journal, name, queueOf(name))
    else if (queue !== undefined && this.#random.chance(0.01)) {
      queueOf(name).forget()
      this.#book.add({ kind: 'forget', queue: name }, journal.ticket)
      // What follows in this callback would not know what the model knows only at its end.
      return true
    } else if (operation === 'leave') this.#leaveHead(journal, name, queueOf(name), queue)
    else return this.#leaveAnywhere(journal, name, queueOf, queue, operation === 'move')
    return false
  }

  #enter(journal: Journal, name: string, queue: JournalQueue): boolean {
    const id = this.#random.pick(IDS)
    const expiresAtUtcMs = this.#random.chance(0.3) ? this.#random.between(-5, 1e12) : undefined
    const payload = new Uint8Array(this.#random.pick(SIZES)).fill(++this.#salt % 251)
    const facts = { id, expiresAtUtcMs }
    try {
      const number = queue.enter(facts, payload)
      const message = { ...facts, number, payload, enteredUtcMs: this.#utcMs() }
      this.#book.add({ kind: 'enter', queue: name, message }, journal.ticket)
      return false
    } catch (error) {
      if (CommloopError.is(error) && error.code === 'CML_ERR_JOURNAL_FULL') return true
      throw error
    }
  }

  #note(journal: Journal, name: string, queue: JournalQueue): void {
    const note = this.#random.chance(0.2) ? undefined : Uint8Array.of(++this.#salt % 251, 7)
    queue.note(note)
    this.#book.add({ kind: 'note', queue: name, note }, journal.ticket)
  }

  #leaveHead(
    journal: Journal,
    name: string,
    queue: JournalQueue,
    model: ModelQueue | undefined,
  ): void {
    const [first] = model?.messages.keys() ?? []
    if (first !== undefined) this.#leave(journal, name, queue, first, 1 + this.#random.int(12))
  }

  /** Leaves in the middle; `moves`: the same callback gives it to another queue. */
  #leaveAnywhere(
    journal: Journal,
    name: string,
    queueOf: (name: string) => JournalQueue,
    model: ModelQueue | undefined,
    moves: boolean,
  ): boolean {
    const numbers = [...(model?.messages.keys() ?? [])]
    if (numbers.length === 0) return false
    if (moves) {
      const other = this.#random.pick(NAMES)
      if (this.#enter(journal, other, queueOf(other))) return true
    }
    this.#leave(journal, name, queueOf(name), this.#random.pick(numbers), 1)
    return false
  }

  #leave(journal: Journal, name: string, queue: JournalQueue, first: number, count: number): void {
    queue.leave(first, count)
    this.#book.add({ kind: 'leave', queue: name, first, count }, journal.ticket)
  }
}
