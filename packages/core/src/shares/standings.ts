import type { Lane } from './lane-shares.js'

/** Addresses remembered. Beyond that, the one that was quiet for longest is forgotten, and is unknown again. */
const ADDRESSES_MAX = 1_024

/** How each address has used its last place, and so in which lane its next connection competes. */
export class Standings {
  /** The address that was quiet for longest first. */
  readonly #wasWell = new Map<string, boolean>()

  laneOf(address: string): Lane {
    const wasWell = this.#wasWell.get(address)
    if (wasWell === undefined) return 'unknown'
    return wasWell ? 'first' : 'slow'
  }

  get size(): number {
    return this.#wasWell.size
  }

  note(address: string, isWell: boolean): void {
    this.#wasWell.delete(address)
    this.#wasWell.set(address, isWell)
    const [quietest] = this.#wasWell.keys()
    if (this.#wasWell.size > ADDRESSES_MAX && quietest !== undefined) {
      this.#wasWell.delete(quietest)
    }
  }
}
