import { type IpBytes, ipKey, parseIp } from '../address/ip-address.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Logger } from '../contracts/logger.js'
import type { Resolving, Transport } from '../contracts/transport.js'
import type { Warnings } from '../events/warnings.js'
import { FairTimer } from '../timing/fair-timer.js'
import { messageText } from '../text/safe-text.js'

/** A look-up that takes longer has failed. Its name is looked up again later. */
const LOOKUP_MS_MAX = 30_000
/** A name whose look-up has failed is looked up again this soon, or after `resolveEvery` if that is sooner. */
const RETRY_MS = 5_000
/** An unknown address may be the new address of a peer. Its names are looked up again, but not more often than this. */
const KNOCK_MS_MIN = 5_000
/** Addresses of one name; further ones are not admitted. */
const ADDRESSES_MAX = 64

/** What the node knows about the name of a passive entry. */
export interface NameState {
  readonly name: string
  /** Of the last successful look-up; empty before the first. */
  readonly addresses: readonly string[]
  /** Milliseconds since that look-up; undefined: there was none. */
  readonly ageMs: number | undefined
  /** Why the last look-up has failed; undefined: it has not. */
  readonly problem: string | undefined
}

interface KnownName {
  addresses: readonly string[]
  resolvedMs: number | undefined
  problem: string | undefined
  endedMs: number | undefined
  look: Resolving | undefined
  timer: Timer | undefined
}

export interface PeerNamesServices {
  readonly transport: Transport
  readonly clock: Clock
  readonly logger: Logger
  readonly warnings: Warnings
  /** The addresses of a name are not the same as before. */
  changed(): void
}

/**
 * The names of passive entries, looked up when the node starts and then at an interval. A look-up that fails leaves the
 * last known addresses in force: a name server that is down must not lock peers out. A connection stays although its
 * name has moved; only new connections are judged by the new addresses.
 */
export class PeerNames {
  readonly #services: PeerNamesServices
  readonly #names = new Map<string, KnownName>()
  #everyMs = 0
  #running = false
  #knockedMs = Number.NEGATIVE_INFINITY

  constructor(services: PeerNamesServices) {
    this.#services = services
  }

  /** The table has these names from now on. What is known about those that it had before is kept. */
  reconfigure(names: Iterable<string>, everyMs: number): void {
    const wanted = new Set(names)
    for (const [name, known] of this.#names) {
      if (wanted.has(name)) continue
      stop(known)
      this.#names.delete(name)
    }
    const sooner = everyMs !== this.#everyMs
    this.#everyMs = everyMs
    for (const name of wanted) {
      const known = this.#names.get(name)
      if (known === undefined) this.#names.set(name, newName())
      else if (sooner) this.#planNext(name, known)
    }
    if (this.#running) this.start()
  }

  /** Looks up the names that have not been looked up yet. */
  start(): void {
    this.#running = true
    for (const [name, known] of this.#names) {
      if (known.look === undefined && known.endedMs === undefined) this.#lookUp(name, known)
    }
  }

  stop(): void {
    this.#running = false
    for (const known of this.#names.values()) stop(known)
  }

  /** The addresses that a name has now. */
  addressesOf(name: string): readonly IpBytes[] {
    const { addresses = [] } = this.#names.get(name) ?? {}
    return addresses.map(parseIp).filter((address) => address !== undefined)
  }

  /** Names without an address. */
  get unresolved(): string[] {
    return [...this.#names].flatMap(([name, { addresses }]) => (addresses.length > 0 ? [] : [name]))
  }

  get states(): NameState[] {
    const nowMs = this.#services.clock.now()
    return [...this.#names].map(([name, { addresses, resolvedMs, problem }]) => {
      const ageMs = resolvedMs === undefined ? undefined : nowMs - resolvedMs
      return { name, addresses, ageMs, problem }
    })
  }

  /** An unknown address wants to connect. If it is the new address of a name, its next attempt succeeds. */
  knocked(): void {
    const nowMs = this.#services.clock.now()
    if (!this.#running || nowMs - this.#knockedMs < KNOCK_MS_MIN) return
    this.#knockedMs = nowMs
    for (const [name, known] of this.#names) {
      const { look, endedMs } = known
      if (look === undefined && endedMs !== undefined && nowMs - endedMs >= KNOCK_MS_MIN) {
        this.#lookUp(name, known)
      }
    }
  }

  #lookUp(name: string, known: KnownName): void {
    const { transport, clock } = this.#services
    known.timer?.cancel()
    if (transport.resolve === undefined) {
      this.#failed(name, known, new Error('this transport does not look up names'))
      return
    }
    known.timer = new FairTimer(clock, LOOKUP_MS_MAX, () => {
      known.look?.cancel()
      this.#failed(name, known, new Error('the name service does not answer'))
    })
    known.look = transport.resolve(name, {
      resolved: (addresses) => {
        this.#resolved(name, known, addresses)
      },
      failed: (error) => {
        this.#failed(name, known, error)
      },
    })
  }

  #resolved(name: string, known: KnownName, all: readonly string[]): void {
    const addresses = all.slice(0, ADDRESSES_MAX)
    if (addresses.length === 0) {
      this.#failed(name, known, new Error('the name has no address'))
      return
    }
    const isNew = !sameAddresses(known.addresses, addresses)
    known.addresses = addresses
    known.resolvedMs = this.#services.clock.now()
    known.problem = undefined
    this.#ended(name, known)
    if (!isNew) return
    this.#services.logger.info({ name, addresses }, `${name} is ${addresses.join(', ')}`)
    this.#services.changed()
  }

  #failed(name: string, known: KnownName, error: Error): void {
    const wasFine = known.problem === undefined
    known.problem = messageText(error)
    this.#ended(name, known)
    if (!wasFine) return
    const { addresses } = known
    const rest =
      addresses.length === 0
        ? 'its peer cannot connect until the name is found'
        : `its last addresses still count: ${addresses.join(', ')}`
    this.#services.warnings.warn(
      'NAME_UNRESOLVED',
      `${name}: ${messageText(error)}; ${rest}`,
      error,
    )
  }

  #ended(name: string, known: KnownName): void {
    known.look = undefined
    known.endedMs = this.#services.clock.now()
    this.#planNext(name, known)
  }

  #planNext(name: string, known: KnownName): void {
    if (known.look !== undefined) return
    known.timer?.cancel()
    known.timer = undefined
    const waitMs = known.problem === undefined ? this.#everyMs : Math.min(this.#everyMs, RETRY_MS)
    if (!this.#running || waitMs === 0) return
    known.timer = this.#services.clock.after(waitMs, () => {
      this.#lookUp(name, known)
    })
  }
}

function newName(): KnownName {
  return {
    addresses: [],
    resolvedMs: undefined,
    problem: undefined,
    endedMs: undefined,
    look: undefined,
    timer: undefined,
  }
}

function stop(known: KnownName): void {
  known.look?.cancel()
  known.look = undefined
  known.timer?.cancel()
  known.timer = undefined
}

/** In any order: name servers change the order of their answers. */
function sameAddresses(left: readonly string[], right: readonly string[]): boolean {
  const keys = new Set(left.map(keyOf))
  return (
    keys.size === new Set(right.map(keyOf)).size && right.every((text) => keys.has(keyOf(text)))
  )
}

function keyOf(text: string): string {
  const address = parseIp(text)
  return address === undefined ? text : ipKey(address)
}
