import type { PassiveEntryConfig } from '@commloop/core'
import type { MemoryConnection } from '../network/index.js'
import type { World } from './world.js'

/**
 * How long the node waits for a byte of the present connection before it replaces it: with a heartbeat, its interval
 * and the margin. Not taken from core, because this is the oracle that core is checked against.
 */
const PROOF_MS = 2_000
const PROOF_MARGIN_MS = 1_000

/** Checks when a new connection replaces the present one of a passive link. */
export class ReplacementWatch {
  readonly #where: string
  readonly #entry: PassiveEntryConfig
  readonly #world: World
  #replacedMs = Number.NEGATIVE_INFINITY

  constructor(where: string, entry: PassiveEntryConfig, world: World) {
    this.#where = where
    this.#entry = entry
    this.#world = world
  }

  lost(reason: string, incumbent: MemoryConnection | undefined, paused: boolean): void {
    if (reason !== 'replaced' || this.#entry.duplicate !== 'challenge') return
    const { heartbeat, holdDownMs } = this.#entry.settings
    const nowMs = this.#world.clock.now()
    const proofMs = heartbeat === undefined ? PROOF_MS : heartbeat.everyMs + PROOF_MARGIN_MS
    const receivedMs = incumbent?.receivedMs ?? Number.NEGATIVE_INFINITY
    if (receivedMs > nowMs - proofMs)
      this.#violated('was replaced although its connection was alive')
    if (paused) this.#violated('was replaced although reading was paused')
    if (nowMs - this.#replacedMs < holdDownMs) this.#violated('was replaced within the hold-down')
    this.#replacedMs = nowMs
  }

  #violated(what: string): void {
    this.#world.violated(this.#where, what)
  }
}
