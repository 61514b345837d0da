/** Ids remembered one by one; what is forgotten only makes new links of such a name begin with a higher number. */
const IDS_MAX = 10_000

/**
 * Where links that are gone stood. A link that takes the id of one goes on counting from there: a reply that is bound
 * to a connection of the old one must never go out over one of the new.
 */
export class EpochHistory {
  readonly #byId = new Map<string, number>()
  /** The highest of those that were forgotten. */
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
