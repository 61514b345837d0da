import type { EntryConfig, LinkChange, LinkHandle, Node } from '@commloop/core'

/** An entry without a connection. */
export interface MissingEntry {
  readonly entry: string
  /** `exhausted`: the reconnect strategy has given up. `absent`: down for longer than `audit.grace`. */
  readonly kind: 'absent' | 'exhausted'
  /** How long the entry has had no connection, in milliseconds. */
  readonly forMs: number
  readonly reason: string | null
}

/**
 * Finds the entries that should have a connection and do not. An entry is available while one of its links is up. It is
 * not missing while it is disabled, or if it has been down for less than `audit.grace`. Unlike the audit, this also covers
 * active entries with attempts left: a peer that has been dialled for hours without success is absent.
 */
export class Availability {
  readonly #node: Node
  /** Since when each link has been down. A link that a reload has added is missing here until its first change. */
  readonly #downSinceMs = new Map<string, number>()

  constructor(node: Node) {
    this.#node = node
    // The node may be running already. The next dial of a link that is down must not restart its time.
    for (const { id, state, sinceMs } of node.links()) {
      if (state !== 'up') this.#downSinceMs.set(id, performance.now() - sinceMs)
    }
    node.on('link', this.#changed)
  }

  readonly #changed = ({ link, state }: LinkChange): void => {
    // A link that is closed was removed from the table, or the node stops.
    if (state === 'up' || state === 'closed') this.#downSinceMs.delete(link)
    else if (!this.#downSinceMs.has(link)) this.#downSinceMs.set(link, performance.now())
  }

  /** Links whose time is remembered: at most those of the table. */
  get remembered(): number {
    return this.#downSinceMs.size
  }

  /** The missing entries at this moment, in the order of the table. */
  missing(): MissingEntry[] {
    const links = new Map<string, LinkHandle[]>()
    for (const link of this.#node.links()) {
      const others = links.get(link.entry)
      if (others === undefined) links.set(link.entry, [link])
      else others.push(link)
    }
    return this.#node.config.entries.flatMap(
      (entry) => this.#look(entry, links.get(entry.id)) ?? [],
    )
  }

  #look({ id }: EntryConfig, links: readonly LinkHandle[] = []): MissingEntry | undefined {
    const expected = links.filter(({ enabled }) => enabled)
    if (expected.length === 0 || expected.some(({ state }) => state === 'up')) return undefined
    const forMs = Math.min(...expected.map((link) => this.#downMs(link)))
    const reason = expected.every(({ epoch }) => epoch === 0)
      ? (expected[0]?.reason ?? 'never connected')
      : (expected[0]?.reason ?? null)
    if (expected.every(({ state }) => state === 'exhausted'))
      return { entry: id, kind: 'exhausted', forMs, reason }
    if (forMs < this.#node.config.auditGraceMs) return undefined
    return { entry: id, kind: 'absent', forMs, reason }
  }

  /** Stops following the node. */
  close(): void {
    this.#node.off('link', this.#changed)
  }

  #downMs({ id, sinceMs }: LinkHandle): number {
    const since = this.#downSinceMs.get(id)
    return Math.round(since === undefined ? sinceMs : performance.now() - since)
  }
}
