import assert from 'node:assert/strict'
import type { FoundQueue, Journal, JournalQueue, StoredPayload } from '@commloop/core'
import type { DiskConditions } from '../disk/disk-conditions.js'
import { SimulatedDisk } from '../disk/simulated-disk.js'
import type { SimulatedSurroundings } from '../journal/journal-simulation.js'
import { ProcessClock } from '../simulator/process-clock.js'
import { ManualClock } from '../virtual/manual-clock.js'
import { SeededRandom } from '../virtual/seeded-random.js'

/** Longer than anything that a journal does by itself. */
const LONG_MS = 60_000

export type MakeJournal = (surroundings: SimulatedSurroundings) => Journal

/** A journal of one life, with everything that it has reported. */
export interface JournalLife {
  readonly journal: Journal
  readonly process: ProcessClock
  found: readonly FoundQueue[] | undefined
  storedTicket: number
  readonly full: boolean[]
  failed: Error | undefined
}

/** A disk, and the journals that use it one after the other. */
export class JournalStage {
  readonly clock = new ManualClock()
  readonly disk: SimulatedDisk
  readonly #random: SeededRandom
  readonly #make: MakeJournal

  constructor(
    make: MakeJournal,
    seed: number | string = 1,
    conditions: Partial<DiskConditions> = {},
  ) {
    this.#make = make
    this.#random = new SeededRandom(seed)
    this.disk = new SimulatedDisk(this.clock, this.#random, conditions)
  }

  /** Begins a life. It is open after `pass`. */
  begin(): JournalLife {
    const process = new ProcessClock(this.clock)
    const journal = this.#make({
      storage: this.disk,
      clock: process,
      random: this.#random,
      utcMs: () => Math.floor(this.clock.now()),
    })
    const life: JournalLife = {
      journal,
      process,
      found: undefined,
      storedTicket: 0,
      full: [],
      failed: undefined,
    }
    let isCalling = true
    const report = (change: () => void): void => {
      assert.ok(!isCalling, 'the journal has called back before open returned')
      assert.equal(life.failed, undefined, 'the journal has called back after it had failed')
      change()
    }
    journal.open({
      opened: (found) => {
        report(() => {
          life.found = found
        })
      },
      stored: (ticket) => {
        report(() => {
          assert.ok(ticket > life.storedTicket, 'a ticket was reported twice')
          assert.ok(ticket <= journal.ticket, 'a ticket was reported that was never given')
          life.storedTicket = ticket
        })
      },
      full: (isFull) => {
        report(() => {
          life.full.push(isFull)
        })
      },
      failed: (error) => {
        report(() => {
          life.failed = error
        })
      },
    })
    isCalling = false
    return life
  }

  /** Begins a life, and waits until it is open. */
  open(): JournalLife {
    const life = this.begin()
    this.pass()
    if (life.failed !== undefined) throw life.failed
    assert.ok(life.found !== undefined, 'the journal has called neither opened nor failed')
    return life
  }

  pass(ms = LONG_MS): void {
    this.clock.advance(ms)
  }

  end(life: JournalLife, how: 'kill' | 'power'): void {
    life.process.kill()
    if (how === 'kill') this.disk.crash()
    else this.disk.powerOff()
  }

  close(life: JournalLife): void {
    let closed = 0
    life.journal.close(() => {
      closed++
    })
    assert.equal(closed, 0, 'close has called back before it returned')
    this.pass()
    assert.equal(closed, 1, 'close did not end')
    life.process.kill()
  }

  read(queue: JournalQueue, first: number, bytesMax: number): readonly StoredPayload[] {
    const answers: (readonly StoredPayload[] | Error)[] = []
    queue.read(first, bytesMax, (messages) => {
      answers.push(messages)
    })
    assert.equal(answers.length, 0, 'read has called back before it returned')
    this.pass()
    assert.equal(answers.length, 1, 'read has not called back exactly once')
    const [answer = []] = answers
    if (answer instanceof Error) throw answer
    return answer
  }
}

export function enter(queue: JournalQueue, text: string, id?: string): number {
  return queue.enter({ id, expiresAtUtcMs: undefined }, Buffer.from(text))
}

/** The numbers that were found in a queue. */
export function numbersOf(life: JournalLife, name: string): readonly number[] | undefined {
  return life.found?.find((queue) => queue.name === name)?.messages.map(({ number }) => number)
}
