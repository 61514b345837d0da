import type { Clock } from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { NetworkWatcher } from './network-watcher.js'
import { draw, type PathConditions } from './path-conditions.js'

/** What all parts of one network share. */
export interface NetworkServices {
  readonly clock: Clock
  readonly random: SeededRandom
  readonly watcher: NetworkWatcher
  /** Milliseconds until the kernel notices that the other end of an idle connection is closed. */
  readonly keepAliveMs: number
}

/** A pipe as its path sees it. */
export interface PathPipe {
  /** Delivers the chunks that can now be delivered. */
  pump(): void
}

/** The path from one host to another, and the pipes that use it. */
export class NetworkPath {
  readonly services: NetworkServices
  readonly from: string
  readonly to: string
  readonly pipes = new Set<PathPipe>()
  #conditions: PathConditions
  /** Openings of connections that have reached a black hole. They are tried again, as kernels do. */
  #held: (() => void)[] = []

  constructor(from: string, to: string, conditions: PathConditions, services: NetworkServices) {
    this.from = from
    this.to = to
    this.#conditions = conditions
    this.services = services
  }

  get conditions(): PathConditions {
    return this.#conditions
  }

  /** Changes the conditions, also for open connections. Openings that a black hole has held back continue. */
  change(conditions: PathConditions): void {
    const was = this.#conditions
    this.#conditions = conditions
    const opened = was.blackHole && !conditions.blackHole
    if (!opened && !(was.notRead && !conditions.notRead)) return
    for (const pipe of this.pipes) pipe.pump()
    if (!opened) return
    const held = this.#held
    this.#held = []
    for (const callback of held) this.travel(callback)
  }

  get open(): boolean {
    return !this.#conditions.blackHole
  }

  /** Calls back after the latency; if the path is a black hole, when that has ended. */
  travel(callback: () => void): void {
    this.#after(() => {
      if (this.open) callback()
      else this.#held.push(callback)
    })
  }

  /** Calls back after the latency; if the path is a black hole, calls `swallowed` instead. */
  travelOnce(callback: () => void, swallowed: () => void): void {
    this.#after(() => {
      if (this.open) callback()
      else swallowed()
    })
  }

  #after(callback: () => void): void {
    const { clock, random } = this.services
    clock.after(draw(this.#conditions.latencyMs, random), callback)
  }
}
