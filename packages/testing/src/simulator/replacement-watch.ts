import type { PassiveEntryConfig } from '@commloop/core'
import type { MemoryConnection } from '../network/index.js'
import type { World } from './world.js'

/** How long an incumbent may take to show a byte: with a heartbeat, its interval and this margin. */
const PROOF_MS = 2_000
const PROOF_MARGIN_MS = 1_000

/** Eyes on the replacements of one passive link's connection by a newcomer. */
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
    if (receivedMs > nowMs - proofMs) this.#violated('was replaced while its connection lived')
    if (paused) this.#violated('was replaced while nobody read from it')
    if (nowMs - this.#replacedMs < holdDownMs) this.#violated('was replaced within the hold-down')
    this.#replacedMs = nowMs
  }

  #violated(what: string): void {
    this.#world.violated(this.#where, what)
  }
}
