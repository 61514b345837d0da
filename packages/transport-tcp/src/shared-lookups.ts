import type { NameAnswered, NameLookup, NameResolver } from './name-resolver.js'

/** An answer that comes after all its dials have given up is kept this long, for the next dial. */
const LATE_MS_MAX = 60_000
/** Late answers kept. Beyond that the oldest is dropped. */
const LATE_MAX = 256

interface LateAnswer {
  readonly addresses: readonly string[]
  readonly atMs: number
}

/**
 * One look-up of a name at a time, shared by all dials that need it. A dial that gives up leaves the look-up running, since
 * the system cannot stop it. Its late answer is used by the next dial.
 */
export class SharedLookups implements NameResolver {
  readonly #lookup: NameLookup
  /** Who waits for the answer of each running look-up. */
  readonly #running = new Map<string, Set<NameAnswered>>()
  /** The oldest first. */
  readonly #late = new Map<string, LateAnswer>()

  constructor(lookup: NameLookup) {
    this.#lookup = lookup
  }

  resolve(name: string, family: number, answered: NameAnswered): () => void {
    const key = `${String(family)} ${name.toLowerCase()}`
    // A function of its own for each caller: two callers may pass the same one.
    const waiter: NameAnswered = (error, addresses) => {
      answered(error, addresses)
    }
    const running = this.#running.get(key)
    if (running !== undefined) running.add(waiter)
    else this.#begin(key, name, family, waiter)
    return () => this.#running.get(key)?.delete(waiter)
  }

  #begin(key: string, name: string, family: number, waiter: NameAnswered): void {
    const waiters = new Set([waiter])
    this.#running.set(key, waiters)
    const done: NameAnswered = (error, addresses) => {
      this.#running.delete(key)
      if (error === undefined && waiters.size === 0) this.#keep(key, addresses)
      for (const each of waiters) each(error, addresses)
    }
    const late = this.#takeLate(key)
    if (late === undefined) this.#lookup(name, family, done)
    else {
      setImmediate(() => {
        done(undefined, late)
      })
    }
  }

  #keep(key: string, addresses: readonly string[]): void {
    this.#late.delete(key)
    this.#late.set(key, { addresses, atMs: performance.now() })
    const [oldest] = this.#late.keys()
    if (this.#late.size > LATE_MAX && oldest !== undefined) this.#late.delete(oldest)
  }

  #takeLate(key: string): readonly string[] | undefined {
    const late = this.#late.get(key)
    this.#late.delete(key)
    if (late === undefined || performance.now() - late.atMs > LATE_MS_MAX) return undefined
    return late.addresses
  }
}
