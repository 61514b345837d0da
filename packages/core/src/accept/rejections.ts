import { addressText } from '../address/address-text.js'
import type { Clock } from '../contracts/clock.js'
import { type Reason, REASON_TEXTS, type ReasonCode, reasonText } from '../contracts/reason.js'
import type { Address } from '../contracts/transport.js'
import { shortened } from '../text/short-text.js'
import { Throttle } from '../events/throttle.js'

/** Addresses remembered. Beyond that the node forgets the address that has been quiet for longest. */
const ADDRESSES_MAX = 1_024
const EVENT_WINDOW_MS = 10_000
/** Pairs of address and reason reported separately in one window: a flood from many addresses must not fill the log. */
const EVENT_KINDS_MAX = 32
/** Texts of the transport that are counted separately. A faulty transport may have any number of texts. */
const TRANSPORT_TEXTS_MAX = 64
/** Characters of each: it is the label of a metric. */
const TRANSPORT_TEXT_LENGTH_MAX = 200
const OTHER_TEXTS = 'other reasons'
/** An address with this many tries is a finding. A single try may be a slip. */
const STRANGER_TRIES_MIN = 3

/** An address that keeps trying to connect. `reason` and `code`: why the node refused it the last time. */
export interface Stranger {
  readonly remote: string
  readonly reason: string
  readonly code: ReasonCode
  readonly count: number
}

/** Connections rejected for one reason. `reason` is one of a closed set of texts, hence fit for a metric label. */
export interface RejectionCount {
  readonly code: ReasonCode
  readonly reason: string
  readonly count: number
}

interface RejectedAddress {
  count: number
  reason: Reason
  sinceLastLook: number
}

/** Counts the connections that the node rejects: exactly by reason, and for as many addresses as it remembers. */
export class Rejections {
  /** By text. */
  readonly #byReason = new Map<string, { readonly code: ReasonCode; count: number }>()
  #transportTexts = 0
  readonly #byAddress = new Map<string, RejectedAddress>()
  readonly #throttle: Throttle<{ readonly remote: string; readonly reason: Reason }>

  /** @param report called for the first rejection of an address and reason, and then once per 10 s */
  constructor(clock: Clock, report: (remote: string, reason: Reason, count: number) => void) {
    const limits = { perWindow: 1, windowMs: EVENT_WINDOW_MS, kindsMax: EVENT_KINDS_MAX }
    this.#throttle = new Throttle(clock, limits, ({ remote, reason }, count) => {
      report(remote, reason, count)
    })
  }

  get counts(): readonly RejectionCount[] {
    return [...this.#byReason].map(([reason, { code, count }]) => ({ code, reason, count }))
  }

  /** The same counts by the text of the reason, without codes. */
  get countsByText(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#byReason].map(([reason, { count }]) => [reason, count]))
  }

  add(remote: Address | undefined, reason: Reason): void {
    this.count(reason)
    const ip = remote?.ip ?? 'unknown'
    this.#remember(ip, reason)
    const place = remote === undefined ? 'unknown' : addressText(remote)
    this.#throttle.occurred(`${ip} ${reasonText(reason)}`, { remote: place, reason })
  }

  /** Counts without an event and a log line. */
  count(reason: Reason): void {
    const { code } = reason
    const text = code === 'transport-refused' ? this.#transportText(reason) : REASON_TEXTS[code]
    const counted = this.#byReason.get(text)
    if (counted === undefined) this.#byReason.set(text, { code, count: 1 })
    else counted.count++
  }

  #transportText(reason: Reason): string {
    const text = shortened(reasonText(reason), TRANSPORT_TEXT_LENGTH_MAX)
    if (this.#byReason.has(text)) return text
    if (this.#transportTexts >= TRANSPORT_TEXTS_MAX) return OTHER_TEXTS
    this.#transportTexts++
    return text
  }

  #remember(ip: string, reason: Reason): void {
    const rejected = this.#byAddress.get(ip) ?? { count: 0, reason, sinceLastLook: 0 }
    rejected.count++
    rejected.sinceLastLook++
    rejected.reason = reason
    // Deleted and inserted again: the first of the map is then the address that has been quiet for longest.
    this.#byAddress.delete(ip)
    this.#byAddress.set(ip, rejected)
    if (this.#byAddress.size <= ADDRESSES_MAX) return
    const [quietest] = this.#byAddress.keys()
    if (quietest !== undefined) this.#byAddress.delete(quietest)
  }

  /**
   * Addresses that keep trying. With `forget`, the next call returns only those that have tried again since this one.
   */
  strangers(forget: boolean): Stranger[] {
    const strangers: Stranger[] = []
    for (const [remote, rejected] of this.#byAddress) {
      const { count, reason, sinceLastLook } = rejected
      if (count >= STRANGER_TRIES_MIN && sinceLastLook > 0) {
        strangers.push({ remote, reason: reasonText(reason), code: reason.code, count })
      }
      if (forget) rejected.sinceLastLook = 0
    }
    return strangers
  }

  /** Reports what the throttle still holds back. */
  close(): void {
    this.#throttle.close()
  }
}
