/** How many ids are remembered. A new link with a forgotten id begins with a higher epoch than necessary. */
const IDS_MAX = 10_000

/**
 * The last epochs of closed links. A new link with the same id continues from its last epoch, so that a reply that is
 * bound to a connection of the old link is never sent over a connection of the new one.
 */
export class EpochHistory {
  readonly #byId = new Map<string, number>()
  /** The highest epoch that was forgotten. */
  #forgotten = 0

  lastOf(id: string): number {
    return this.#byId.get(id) ?? this.#forgotten
  }

  remember(id: string, epoch: number): void {
    if (epoch === 0) return
    this.#byId.delete(id)
    this.#byId.set(id, epoch)
    if (this.#byId.size <= IDS_MAX) return
    const [oldest] = this.#byId
    if (oldest === undefined) return
    this.#byId.delete(oldest[0])
    this.#forgotten = Math.max(this.#forgotten, oldest[1])
  }
}
