import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { DnsScout, type NameScout, SCOUT_MS_MAX } from './name-scout.js'
import type { NameAnswered } from './name-resolver.js'

/** Names remembered as slow. Beyond that the oldest is forgotten, and is asked about again. */
const SLOW_NAMES_MAX = 1_024
const THREADS_DEFAULT = 4
/** How often to ask again about a name that waits, since its name server may have come back. */
const ASK_AGAIN_MS = 5_000

/** A look-up that the system has not begun. */
interface Waiting {
  readonly name: string
  readonly family: number
  readonly answered: NameAnswered
}

type Lookup = (
  name: string,
  options: { readonly all: true; readonly family: number },
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void

/**
 * The look-up of the operating system (getaddrinfo), which knows the hosts file, the search domains, multicast DNS and
 * everything else that the machine is configured to use. It blocks a thread until the name server answers, and libuv gives
 * look-ups at most half of its threads: two by default. Two names without an answer would delay every other name.
 *
 *     name ── scout ──┬── prompt ──▶ [ thread ] [ thread ]
 *                     └── slow ────▶ [ thread ]               one thread at most, as long as there are two
 *
 * So a name goes to the system only after a scout knows that the answer is going to come quickly. Names without a quick
 * answer wait for one thread that they share, and never take the other.
 */
export class SystemLookup {
  readonly #scout: NameScout
  readonly #lookup: Lookup
  readonly #lookupsMax: number
  readonly #slowMax: number
  readonly #prompt: Waiting[] = []
  readonly #slow: Waiting[] = []
  #running = 0
  #slowRunning = 0
  /** Names that the scout took for prompt, and whose look-up then took long. */
  readonly #slowNames = new Set<string>()

  constructor(
    scout: NameScout = new DnsScout(),
    lookup: Lookup = systemLookup,
    lookupsMax = lookupThreads(process.env['UV_THREADPOOL_SIZE']),
  ) {
    this.#scout = scout
    this.#lookup = lookup
    this.#lookupsMax = lookupsMax
    this.#slowMax = Math.max(1, lookupsMax - 1)
  }

  readonly look = (name: string, family: number, answered: NameAnswered): void => {
    const waiting = { name, family, answered }
    if (this.#slowNames.has(name)) this.#wait(waiting)
    else {
      this.#scout.ask(name, (isPrompt) => {
        if (isPrompt) this.#hasten(waiting)
        else this.#wait(waiting)
      })
    }
  }

  #hasten(waiting: Waiting): void {
    this.#prompt.push(waiting)
    this.#next()
  }

  #wait(waiting: Waiting): void {
    this.#slow.push(waiting)
    this.#next()
    if (!this.#slowNames.has(waiting.name)) this.#askAgain(waiting)
  }

  /** As long as the name waits. */
  #askAgain(waiting: Waiting): void {
    const timer = setTimeout(() => {
      if (!this.#slow.includes(waiting)) return
      this.#scout.ask(waiting.name, (isPrompt) => {
        const at = this.#slow.indexOf(waiting)
        if (at === -1) return
        if (!isPrompt) this.#askAgain(waiting)
        else {
          this.#slow.splice(at, 1)
          this.#hasten(waiting)
        }
      })
    }, ASK_AGAIN_MS)
    timer.unref()
  }

  #next(): void {
    while (this.#running < this.#lookupsMax) {
      const isSlow = this.#prompt.length === 0
      if (isSlow && this.#slowRunning >= this.#slowMax) return
      const waiting = (isSlow ? this.#slow : this.#prompt).shift()
      if (waiting === undefined) return
      this.#run(waiting, isSlow)
    }
  }

  #run({ name, family, answered }: Waiting, isSlow: boolean): void {
    this.#running++
    if (isSlow) this.#slowRunning++
    const startedMs = performance.now()
    this.#lookup(name, { all: true, family }, (error, addresses) => {
      this.#running--
      if (isSlow) this.#slowRunning--
      this.#remember(name, !isSlow && performance.now() - startedMs > SCOUT_MS_MAX)
      this.#next()
      answered(error ?? undefined, error === null ? addresses.map(({ address }) => address) : [])
    })
  }

  #remember(name: string, isSlow: boolean): void {
    this.#slowNames.delete(name)
    if (!isSlow) return
    this.#slowNames.add(name)
    const [oldest] = this.#slowNames
    if (this.#slowNames.size > SLOW_NAMES_MAX && oldest !== undefined) {
      this.#slowNames.delete(oldest)
    }
  }
}

/** How many look-ups libuv runs at a time: half of its threads. The variable is the one that libuv reads. */
export function lookupThreads(written: string | undefined): number {
  const threads = Number(written)
  const usable = Number.isInteger(threads) && threads > 0 ? threads : THREADS_DEFAULT
  return Math.floor((usable + 1) / 2)
}
