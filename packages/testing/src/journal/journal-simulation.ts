import type {
  Clock,
  FoundQueue,
  Journal,
  JournalHandler,
  JournalQueue,
  Random,
  Storage,
  StoredPayload,
} from '@commloop/core'
import { SimulatedDisk } from '../disk/simulated-disk.js'
import type { DiskConditions } from '../disk/disk-conditions.js'
import { ManualClock } from '../virtual/manual-clock.js'
import { SeededRandom } from '../virtual/seeded-random.js'
import { ProcessClock } from '../simulator/process-clock.js'
import { JournalBook } from './journal-book.js'
import { JournalTraffic } from './journal-traffic.js'
import { sameBytes } from './journal-model.js'

/** What a simulated journal is made with. */
export interface SimulatedSurroundings {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  readonly utcMs: () => number
}

/** How to simulate a journal. */
export interface JournalSimulationOptions {
  readonly seed: number | string
  /** Makes the journal of one life. Small limits make more happen. */
  readonly make: (surroundings: SimulatedSurroundings) => Journal
  /** Virtual milliseconds of trouble before the disk is healed. Default 1,500. */
  readonly troubleMs?: number
  /** Bits change at crashes. The journal must then refuse to start, or notice nothing because nothing was lost. */
  readonly rot?: boolean
  /** Largest size of the files when everything has left, at the end. Default Infinity. */
  readonly emptyBytesMax?: number
}

/** What has happened in a simulation, by name. */
export type JournalMarks = Readonly<Record<string, number>>

/** The result of a simulation. */
export interface JournalSimulationReport {
  readonly seed: string
  /** What is wrong; undefined: nothing. */
  readonly violation: string | undefined
  readonly marks: JournalMarks
}

const TROUBLE_MS = 1_500
const CALM_MS_MAX = 120_000

/**
 * Runs a journal over a simulated disk through kills, power cuts, failing and full disks, and compares after each start
 * what it has found with what was given to it.
 */
export function simulateJournal(options: JournalSimulationOptions): JournalSimulationReport {
  return new JournalSimulation(options).run()
}

class JournalSimulation {
  readonly #options: JournalSimulationOptions
  readonly #clock = new ManualClock()
  readonly #random: SeededRandom
  readonly #disk: SimulatedDisk
  readonly #book = new JournalBook()
  readonly #traffic: JournalTraffic
  readonly #marks: Record<string, number> = {}
  readonly #swarm: Partial<DiskConditions>
  #journal: Journal | undefined
  #process: ProcessClock | undefined
  #queues = new Map<string, JournalQueue>()
  #isOpen = false
  #hasFailed = false
  #isFull = false
  #rotted = false
  #isHealed = false
  #refused = false
  #violation: string | undefined

  constructor(options: JournalSimulationOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed)
    this.#disk = new SimulatedDisk(this.#clock, this.#random)
    this.#traffic = new JournalTraffic(this.#random, this.#book, () =>
      Math.floor(this.#clock.now()),
    )
    this.#swarm = {
      delayMs: { min: 0.01, max: this.#random.pick([0.5, 2, 2, 10, 40]) },
      fails: options.rot === true ? 0 : this.#random.pick([0, 0, 0.002]),
      stalls: this.#random.pick([0, 0.03]),
      tornSectors: this.#random.pick([0, 0.3]),
      fullAtBytes: this.#random.pick([Infinity, Infinity, 60_000, 150_000]),
    }
  }

  run(): JournalSimulationReport {
    this.#disk.setConditions(this.#swarm)
    this.#start()
    this.#act()
    this.#crashLater()
    this.#passUntil(() => this.#clock.now() >= (this.#options.troubleMs ?? TROUBLE_MS))
    if (!this.#refused) {
      this.#heal()
      this.#becomeCalm()
    }
    return { seed: this.#random.seed, violation: this.#violation, marks: this.#marks }
  }

  #mark(name: string): void {
    this.#marks[name] = (this.#marks[name] ?? 0) + 1
  }

  #fail(violation: string): void {
    this.#violation ??= `at ${this.#clock.now().toFixed(2)} ms: ${violation}`
  }

  #passUntil(condition: () => boolean): void {
    try {
      while (!condition() && this.#violation === undefined && !this.#refused) {
        if (!this.#clock.runNext()) return
      }
    } catch (error) {
      this.#fail(
        `it threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      )
    }
  }

  // ── lives ────────────────────────────────────────────────────────────────────────────────────────────────

  #start(): void {
    this.#mark('lives')
    const process = new ProcessClock(this.#clock)
    const journal = this.#options.make({
      storage: this.#disk,
      clock: process,
      random: this.#random,
      utcMs: () => Math.floor(this.#clock.now()),
    })
    this.#process = process
    this.#journal = journal
    this.#isOpen = false
    this.#hasFailed = false
    this.#isFull = false
    this.#queues = new Map()
    journal.open(this.#handlerOf(journal))
  }

  #handlerOf(journal: Journal): JournalHandler {
    const mine = (handle: () => void): void => {
      if (this.#journal !== journal) this.#fail('a journal of an earlier life has called back')
      else if (this.#hasFailed) this.#fail('the journal has called back after it had failed')
      else handle()
    }
    return {
      opened: (found) => {
        mine(() => {
          this.#opened(journal, found)
        })
      },
      stored: (ticket) => {
        mine(() => {
          this.#mark('stored')
          const problem = this.#book.report(ticket)
          if (problem !== undefined) this.#fail(problem)
          // What a link gives to the journal here is a group too.
          if (this.#isOpen && this.#random.chance(0.2)) this.#give(journal)
        })
      },
      full: (isFull) => {
        mine(() => {
          this.#mark(isFull ? 'full' : 'room again')
          if (isFull === this.#isFull) this.#fail('full was reported twice')
          this.#isFull = isFull
          if (isFull && this.#isOpen && journal.refuses(1, 0) !== 'full')
            this.#fail('a full journal takes messages')
        })
      },
      failed: (error) => {
        mine(() => {
          this.#failed(journal, error)
        })
      },
    }
  }

  #opened(journal: Journal, found: readonly FoundQueue[]): void {
    const problem = this.#book.judge(found)
    if (problem !== undefined && this.#rotted && this.#book.isLastBatchMissing(found)) {
      this.#mark('rot in the last batch')
      this.#refused = true
      return
    }
    if (this.#rotted) this.#mark('rot without harm')
    this.#rotted = false
    if (problem !== undefined) this.#fail(`found: ${problem}`)
    this.#isOpen = true
    for (const { name, messages } of found) {
      const [first] = messages
      if (first !== undefined) this.#readAll(journal, name, first.number)
    }
  }

  #failed(journal: Journal, error: Error): void {
    this.#hasFailed = true
    const code = 'code' in error ? error.code : undefined
    const isDamage = code === 'CML_ERR_JOURNAL_CORRUPT' || code === 'CML_ERR_JOURNAL_VERSION'
    if (isDamage && this.#rotted) {
      this.#mark('rot refused')
      this.#refused = true
    } else if (isDamage) this.#fail(`it calls a whole disk damaged: ${error.message}`)
    else if (this.#isHealed) this.#fail(`it fails on a healthy disk: ${error.message}`)
    else this.#mark(this.#isOpen ? 'disk failed' : 'start failed')
    this.#isOpen = false
    this.#clock.after(5, () => {
      if (this.#journal !== journal || this.#refused) return
      if (this.#random.chance(0.5)) this.#endLife('kill')
      else this.#endLife('power')
      this.#start()
    })
  }

  #crashLater(): void {
    // Some crashes hit the start that follows another crash.
    const delayMs = this.#random.chance(0.3)
      ? this.#random.between(0, 20)
      : this.#random.between(20, 400)
    this.#clock.after(delayMs, () => {
      if (this.#isHealed || this.#refused) return
      this.#crashLater()
      if (this.#random.chance(0.12)) this.#closeAndStart()
      else {
        this.#endLife(this.#random.chance(0.6) ? 'power' : 'kill')
        this.#start()
      }
    })
  }

  #endLife(how: 'power' | 'kill'): void {
    this.#mark(how === 'power' ? 'power cuts' : 'kills')
    this.#process?.kill()
    if (how === 'power') this.#disk.powerOff()
    else this.#disk.crash()
    // One changed bit at a time: no log can notice that its last two batches have both changed.
    if (
      this.#options.rot === true &&
      !this.#rotted &&
      !this.#isHealed &&
      this.#random.chance(0.5)
    ) {
      this.#rotted = this.#disk.rot((name) => name.endsWith('.seg')) !== undefined
    }
  }

  /** A clean end, which a crash may interrupt. */
  #closeAndStart(): void {
    const journal = this.#journal
    const process = this.#process
    if (journal === undefined || process === undefined || !this.#isOpen) return
    this.#isOpen = false
    const isFull = journal.refuses(1, 0) !== undefined
    journal.close(() => {
      if (this.#journal !== journal) {
        this.#fail('a journal of an earlier life has closed')
        return
      }
      this.#mark('closed')
      if (
        !isFull &&
        !this.#hasFailed &&
        this.#book.waiting > 0 &&
        this.#swarm.fullAtBytes === Infinity
      ) {
        this.#fail('it has closed without storing everything')
      }
      process.kill()
      this.#start()
    })
  }

  // ── traffic ──────────────────────────────────────────────────────────────────────────────────────────────

  #act(): void {
    const journal = this.#journal
    if (this.#refused) return
    if (journal !== undefined && this.#isOpen) {
      this.#give(journal)
      if (this.#random.chance(0.3)) this.#readSome(journal)
    }
    this.#clock.after(this.#random.between(0, 4), () => {
      this.#act()
    })
  }

  /** What one callback gives to the journal. */
  #give(journal: Journal): void {
    const queueOf = (name: string): JournalQueue => this.#queue(journal, name)
    if (this.#isHealed) this.#traffic.leaveEverything(journal, queueOf)
    else if (this.#traffic.act(journal, queueOf)) this.#mark('refused')
    this.#book.endGroup()
  }

  #queue(journal: Journal, name: string): JournalQueue {
    const present = this.#queues.get(name)
    if (present !== undefined) return present
    const queue = journal.queue(name)
    this.#queues.set(name, queue)
    return queue
  }

  #readSome(journal: Journal): void {
    const names = [...this.#book.stored.queues.keys()]
    if (names.length === 0) return
    const name = this.#random.pick(names)
    const numbers = [...(this.#book.stored.queues.get(name)?.messages.keys() ?? [])]
    if (numbers.length === 0) return
    const first = this.#random.pick(numbers)
    this.#read(journal, name, first, () => undefined)
  }

  #readAll(journal: Journal, name: string, first: number): void {
    this.#read(journal, name, first, (messages) => {
      const last = messages.at(-1)
      if (last !== undefined) this.#readAll(journal, name, last.number + 1)
    })
  }

  /** Reads, and compares. Messages may leave while the disk reads. */
  #read(
    journal: Journal,
    name: string,
    first: number,
    then: (messages: readonly StoredPayload[]) => void,
  ): void {
    const stored = [...(this.#book.stored.queues.get(name)?.messages.values() ?? [])]
    const bytesMax = this.#random.pick([1, 300, 5_000])
    let hasReturned = false
    this.#queue(journal, name).read(first, bytesMax, (messages) => {
      if (!hasReturned) this.#fail('read has called back before it returned')
      if (this.#journal !== journal) this.#fail('a read of an earlier life has ended')
      if (messages instanceof Error || this.#hasFailed || !this.#isOpen) return
      this.#mark('reads')
      const now = this.#book.given.queues.get(name)?.messages
      // The same message, and not one with its number in a queue that was forgotten in between.
      const due = stored.find((message) => {
        return message.number >= first && now?.get(message.number) === message
      })?.number
      const [oldest] = messages
      if (due !== undefined && (oldest === undefined || oldest.number > due)) {
        this.#fail(`read: queue ${name} has ${String(due)}, and ${String(oldest?.number)} was read`)
      }
      for (const { number, payload } of messages) {
        const message = stored.find((candidate) => candidate.number === number)
        if (message !== undefined && !sameBytes(message.payload, payload)) {
          this.#fail(`read: queue ${name}: ${String(number)} has another payload`)
        }
      }
      then(messages)
    })
    hasReturned = true
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────

  #heal(): void {
    this.#disk.setConditions({})
    this.#isHealed = true
    if (this.#isOpen && this.#random.chance(0.5)) return
    this.#endLife('power')
    this.#start()
  }

  /** On a healthy disk everything must be stored, found, and leave. */
  #becomeCalm(): void {
    const isCalm = (): boolean =>
      this.#isOpen &&
      this.#book.waiting === 0 &&
      [...this.#book.stored.queues.values()].every(({ messages }) => messages.size === 0)
    const until = this.#clock.now() + CALM_MS_MAX
    this.#passUntil(() => isCalm() || this.#clock.now() > until)
    if (!isCalm() && !this.#refused) this.#fail('it does not become calm on a healthy disk')
    const { emptyBytesMax = Infinity } = this.#options
    const smallBy = this.#clock.now() + CALM_MS_MAX
    this.#passUntil(() => this.#disk.bytes <= emptyBytesMax || this.#clock.now() > smallBy)
    if (this.#disk.bytes > emptyBytesMax && !this.#refused) {
      this.#fail(
        `it keeps ${String(this.#disk.bytes)} bytes for nothing: ${this.#disk.names.join(' ')}`,
      )
    }
  }
}
