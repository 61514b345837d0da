import type { EntryConfig, LinkHandle, Node } from '@commloop/core'

/** An entry that has nobody, longer than it may. */
export interface MissingEntry {
  readonly entry: string
  readonly kind: 'absent' | 'exhausted'
  /** How long nobody has been there. */
  readonly forMs: number
  readonly reason: string | null
}

/**
 * Who should be there and is not, for a command that a monitor asks every minute. An entry is attended while one of its
 * links is up, and excused while it is disabled or has been alone for less than `audit.grace`. Unlike the audit it
 * looks at active entries too: one that is dialled in vain for hours is absent, however many attempts are left.
 */
export class Availability {
  readonly #node: Node
  /** When each link that is not up was left; of one that came with a reload nothing is known before it begins. */
  readonly #downSinceMs = new Map<string, number>()

  constructor(node: Node) {
    this.#node = node
    // The node runs already: what it does next about a link that is down must not look like the beginning of that.
    for (const { id, state, sinceMs } of node.links()) {
      if (state !== 'up') this.#downSinceMs.set(id, performance.now() - sinceMs)
    }
    node.on('link', ({ link, state }) => {
      if (state === 'up') this.#downSinceMs.delete(link)
      else if (!this.#downSinceMs.has(link)) this.#downSinceMs.set(link, performance.now())
    })
  }

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

  #downMs({ id, sinceMs }: LinkHandle): number {
    const since = this.#downSinceMs.get(id)
    return Math.round(since === undefined ? sinceMs : performance.now() - since)
  }
}
