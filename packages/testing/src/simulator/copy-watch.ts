import type { LinkHandle } from '@commloop/core'
import type { ArrivalOrder } from './filled-end.js'
import type { SentMessage } from './message-book.js'
import type { World } from './world.js'

/** One copy of a message that was given to the link. */
interface QueuedCopy {
  /** In the order of entering the outbox of the link, from 1; `ANY_ORDER`: the order is not known. */
  readonly order: number
  /** The only connection that may carry it; 0 for any, -1 for none. */
  readonly epoch: number
}

/** The copies of one message. A relay may give the same message to a link twice. */
interface Copies {
  readonly queued: QueuedCopy[]
  delivered: number
}

/** Of a request that has waited for its turn. */
const ANY_ORDER = 0

/** From this size on core writes a payload by reference. */
const BY_REFERENCE_BYTES_MIN = 16 * 1024

/** Checks that the copies of one link arrive in order, over the right connection, and not more often than allowed. */
export class CopyWatch {
  readonly #where: string
  readonly #handle: LinkHandle
  readonly #world: World
  readonly #copies = new Map<number, Copies>()
  #ordered = 0
  #duplicates = 0

  constructor(where: string, handle: LinkHandle, world: World) {
    this.#where = where
    this.#handle = handle
    this.#world = world
  }

  /** The link is given a copy of a message, now or in the present call. `epoch` 0: for any connection. */
  given(message: SentMessage, epoch: number, ordered = true): void {
    if (ordered) this.#ordered++
    const bound = epoch === 0 && !this.#handle.lasting ? this.#presentEpoch() : epoch
    const copy = { order: ordered ? this.#ordered : ANY_ORDER, epoch: bound }
    const known = this.#copies.get(message.number)
    if (known === undefined) this.#copies.set(message.number, { queued: [copy], delivered: 0 })
    else known.queued.push(copy)
    const { byteLength } = message.payload
    if (byteLength >= BY_REFERENCE_BYTES_MIN) this.#world.markers.seen('by reference')
  }

  /**
   * A passing link accepts copies only for its present connection; -1 if it has none. While a node stops, a draining
   * link still accepts copies of messages whose route was requested earlier; a link that is being disabled does not.
   */
  #presentEpoch(): number {
    const { state, epoch, enabled } = this.#handle
    return state === 'up' || (state === 'draining' && enabled) ? epoch : -1
  }

  arrived(message: SentMessage, epoch: number, receiver: ArrivalOrder): void {
    const copies = this.#copies.get(message.number)
    const name = `message ${String(message.number)}`
    if (copies === undefined) {
      receiver.violated(`delivered ${name}, but ${this.#where} has no copy of it`)
      return
    }
    const allowed = copies.queued.filter((copy) => copy.epoch === 0 || copy.epoch === epoch)
    if (allowed.length === 0) {
      const text = `delivered ${name} over epoch ${String(epoch)} of ${this.#where}`
      receiver.violated(`${text}, but the copy was bound to another epoch`)
    }
    const copy = allowed.find(({ order }) => order === ANY_ORDER || order > receiver.orderSeen)
    if (copy === undefined) receiver.violated(`delivered ${name} out of order or twice`)
    else if (copy.order !== ANY_ORDER) receiver.orderSeen = copy.order
    if (copy?.epoch === epoch && this.#handle.lasting) {
      this.#world.markers.seen('bound copy delivered')
    }
    copies.delivered++
    if (copies.delivered > copies.queued.length) this.#arrivedTwice(name)
  }

  #arrivedTwice(name: string): void {
    this.#duplicates++
    this.#world.markers.seen('delivered twice')
    const { resent } = this.#handle.counters
    if (this.#duplicates <= resent) return
    const text = `${name} arrived twice, but only ${String(resent)} copies were counted as resent`
    this.#world.violated(this.#where, text)
  }
}
