import {
  type ActiveEntryConfig,
  ExponentialBackoff,
  type LinkHandle,
  type LinkState,
} from '@commloop/core'
import type { MemoryConnection } from '../network/index.js'
import type { World } from './world.js'

/** Timers that are due at the same moment may run in either order. */
const TIE_MS = 1

/** A dial may give way to other links after this time, and not before. */
const GIVE_WAY_MS = 1_000

/**
 * Checks the dials of one active link with a model of its attempts and its probation. The model is independent of how
 * core counts them.
 */
export class DialWatch {
  readonly #where: string
  readonly #entry: ActiveEntryConfig
  readonly #world: World
  readonly #attemptsMax: number
  #dials = 0
  #dialledMs = 0
  /** The last connection ended without proof of life, so the next one is on probation. */
  #unproved = false
  #upMs = 0
  #exhaustedMs = 0
  #framesAtUp = 0

  constructor(where: string, entry: ActiveEntryConfig, world: World) {
    this.#where = where
    this.#entry = entry
    this.#world = world
    const strategy = entry.settings.reconnect?.value
    this.#attemptsMax = strategy instanceof ExponentialBackoff ? strategy.attemptsMax : 0
  }

  changed(was: LinkState, state: LinkState, handle: LinkHandle, byOperator: boolean): void {
    if (state === 'dialing') {
      if (was === 'exhausted') this.#countRearm(byOperator)
      this.#dialled(was, byOperator)
    } else if (state === 'exhausted') {
      this.#exhaustedMs = this.#world.clock.now()
      this.#world.markers.seen('exhausted')
    }
    if ((state === 'backoff' || state === 'exhausted') && was === 'dialing') {
      if (handle.details.reasonCode === 'gave-way') this.#gaveWay()
      else this.#world.markers.seen('dialled in vain')
    }
    if (state === 'up') {
      this.#upMs = this.#world.clock.now()
      this.#framesAtUp = frames(handle)
    } else if (was === 'up') {
      this.#lost(handle)
    }
  }

  #countRearm(byOperator: boolean): void {
    const waitedMs = this.#world.clock.now() - this.#exhaustedMs
    const inTime = waitedMs >= this.#entry.settings.rearmAfterMs - TIE_MS
    if (byOperator) this.#world.markers.seen('rearmed by operator')
    else this.#world.markers.seen(inTime ? 'rearmed by time' : 'rearmed by the peer')
  }

  #dialled(was: LinkState, byOperator: boolean): void {
    if (was !== 'backoff') {
      this.#dials = 0
      this.#unproved = false
    }
    this.#dials++
    this.#dialledMs = this.#world.clock.now()
    // An operator may dial in the event that reports `exhausted`.
    if (byOperator || this.#attemptsMax === 0 || this.#dials <= this.#attemptsMax) return
    this.#violated(
      `dialled ${String(this.#dials)} times without proof of life; the limit is ${String(this.#attemptsMax)}`,
    )
  }

  /** Such a dial does not count, but the peer must have had time to answer. */
  #gaveWay(): void {
    this.#world.markers.seen('gave way')
    this.#dials--
    const tookMs = this.#world.clock.now() - this.#dialledMs
    if (tookMs < GIVE_WAY_MS - TIE_MS) this.#violated(`gave way after ${String(tookMs)} ms`)
  }

  #lost(handle: LinkHandle): void {
    const upMs = this.#world.clock.now() - this.#upMs
    const stable = upMs >= this.#entry.settings.stableAfterMs - TIE_MS
    // Any other way to be ready is a proof of life.
    const provedAtUp = this.#entry.settings.ready !== 'connected'
    const proved = provedAtUp || stable || frames(handle) > this.#framesAtUp
    if (proved) this.#dials = 0
    this.#unproved = !proved
  }

  /** The link went up with this connection. */
  opened(connection: MemoryConnection): void {
    const { ready, probationMs, stableAfterMs } = this.#entry.settings
    if (!this.#unproved && ready === 'connected') return
    this.#world.markers.seen(ready === 'connected' ? 'probation' : `ready: ${ready}`)
    // Heartbeats may be written if the link waits because of `ready`.
    if (connection.writtenBytes > 0 && ready === 'connected') {
      this.#violated('wrote while the connection was on probation')
    }
    // The oracle of the process knows whether the opening is over.
    if (ready === 'opening' || connection.receivedMs !== undefined) return
    const openMs = this.#world.clock.now() - connection.openedMs
    // With `frame`, a link that was held when it opened sees no frame, and waits as with `stable`.
    const dueMs = ready === 'connected' ? probationMs : stableAfterMs
    if (openMs < dueMs - TIE_MS) this.#violated('went up before it was ready')
  }

  #violated(what: string): void {
    this.#world.violated(this.#where, what)
  }
}

function frames({ counters }: LinkHandle): number {
  return counters.received + counters.heartbeatsReceived
}
