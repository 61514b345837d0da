import { addressText } from '../address/address-text.js'
import type { Clock } from '../contracts/clock.js'
import type { Address } from '../contracts/transport.js'
import { Throttle } from '../events/throttle.js'

/** Addresses remembered; beyond that the one that was quiet longest is forgotten. */
const ADDRESSES_MAX = 1_024
const EVENT_WINDOW_MS = 10_000
/** Addresses and reasons told apart in one window: a flood from everywhere must not fill the log. */
const EVENT_KINDS_MAX = 32
/** Reasons counted apart. Those of ours are few; names that peers have proved are as many as they like. */
const REASONS_MAX = 64
/** Tries from which on an address is worth a finding: one may be a slip. */
const STRANGER_TRIES_MIN = 3

export interface Stranger {
  readonly remote: string
  readonly reason: string
  readonly count: number
}

interface Refused {
  count: number
  reason: string
  sinceLastLook: number
}

/** Keeps count of whom the node did not let in. The counts by reason are exact; addresses are as many as fit. */
export class Rejections {
  readonly #byReason = new Map<string, number>()
  readonly #byAddress = new Map<string, Refused>()
  readonly #throttle: Throttle<{ readonly remote: string; readonly reason: string }>

  constructor(clock: Clock, tell: (remote: string, reason: string, count: number) => void) {
    const limits = { perWindow: 1, windowMs: EVENT_WINDOW_MS, kindsMax: EVENT_KINDS_MAX }
    this.#throttle = new Throttle(clock, limits, ({ remote, reason }, count) => {
      tell(remote, reason, count)
    })
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byReason)
  }

  add(remote: Address | undefined, reason: string): void {
    const counted =
      this.#byReason.has(reason) || this.#byReason.size < REASONS_MAX ? reason : 'other reasons'
    this.#byReason.set(counted, (this.#byReason.get(counted) ?? 0) + 1)
    const ip = remote?.ip ?? 'unknown'
    this.#remember(ip, reason)
    const place = remote === undefined ? 'unknown' : addressText(remote)
    this.#throttle.occurred(`${ip} ${reason}`, { remote: place, reason })
  }

  #remember(ip: string, reason: string): void {
    const refused = this.#byAddress.get(ip) ?? { count: 0, reason, sinceLastLook: 0 }
    refused.count++
    refused.sinceLastLook++
    refused.reason = reason
    // Inserted anew, so that the first of the map is the one that was quiet longest.
    this.#byAddress.delete(ip)
    this.#byAddress.set(ip, refused)
    if (this.#byAddress.size <= ADDRESSES_MAX) return
    const [quietest] = this.#byAddress.keys()
    if (quietest !== undefined) this.#byAddress.delete(quietest)
  }

  /** Addresses that keep trying. Those that have not tried since the last look are left out when `forget` is set. */
  strangers(forget: boolean): Stranger[] {
    const strangers: Stranger[] = []
    for (const [remote, refused] of this.#byAddress) {
      const { count, reason, sinceLastLook } = refused
      if (count >= STRANGER_TRIES_MIN && sinceLastLook > 0)
        strangers.push({ remote, reason, count })
      if (forget) refused.sinceLastLook = 0
    }
    return strangers
  }

  close(): void {
    this.#throttle.close()
  }
}
