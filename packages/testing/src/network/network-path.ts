import type { Clock } from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { NetworkWatcher } from './network-watcher.js'
import { draw, type PathConditions } from './path-conditions.js'

/** What everything within one network shares. */
export interface NetworkServices {
  readonly clock: Clock
  readonly random: SeededRandom
  readonly watcher: NetworkWatcher
  /** How long until the kernel finds out that the other end of an idle connection is gone. */
  readonly keepAliveMs: number
}

/** A pipe that uses a path, as far as the path knows it. */
export interface PathPipe {
  /** Delivers what has become deliverable. */
  pump(): void
}

/** The way from one host to another, with what is on it. */
export class NetworkPath {
  readonly services: NetworkServices
  readonly from: string
  readonly to: string
  readonly pipes = new Set<PathPipe>()
  #conditions: PathConditions
  /** What came to a black hole and is tried again: openings of connections, which kernels repeat. */
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

  /** Changes how it goes from now on, also for what is open: what a black hole held back comes through. */
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

  /** After the way; later, when a black hole is in it. */
  travel(callback: () => void): void {
    this.#after(() => {
      if (this.open) callback()
      else this.#held.push(callback)
    })
  }

  /** After the way; a black hole swallows it. */
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
