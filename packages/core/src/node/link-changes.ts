import type { Link, SpecChange } from '../link/link.js'
import type { LinkSpec } from '../link/link-spec.js'
import type { Steps } from '../turns/steps.js'
import type { NodeLinks } from './node-links.js'
import type { NodeState } from './node-state.js'
import type { Reconfiguration } from './reconfiguration.js'
import type { TableChange } from './table-change.js'

/** A connection has to wait while its links change, so only so many of a large group are changed for it. */
const AT_ONCE_MAX = 64

/**
 * What a reconfiguration still has to do with single links, after the node has taken the new table: end the removed ones,
 * change those whose entry has changed, start the added ones. Links that do not change are not touched.
 */
export class LinkChanges {
  readonly #state: NodeState
  readonly #links: NodeLinks
  readonly #change: TableChange
  /** In this order: an entry that changes its role keeps its id, so the former link ends before the new one starts. */
  readonly #pending: Map<Link, LinkSpec | 'remove' | 'start'>
  readonly #fates = new Map<Link, SpecChange>()

  constructor(state: NodeState, links: NodeLinks, change: TableChange) {
    this.#state = state
    this.#links = links
    this.#change = change
    this.#pending = new Map<Link, LinkSpec | 'remove' | 'start'>([
      ...change.removed.map((link) => [link, 'remove'] as const),
      ...change.changed,
      ...change.added.map((link) => [link, 'start'] as const),
    ])
  }

  *steps(): Steps<Omit<Reconfiguration, 'node'>> {
    for (const link of this.#pending.keys()) {
      this.apply(link)
      yield
    }
    return this.#result()
  }

  /** A connection wants one of these links, so they must be as the table says. */
  applyTo(links: readonly Link[]): void {
    let left = AT_ONCE_MAX
    for (const link of links) {
      if (left === 0 || this.#pending.size === 0) return
      if (this.apply(link)) left--
    }
  }

  /** @returns whether there was something to do */
  apply(link: Link): boolean {
    const what = this.#pending.get(link)
    if (what === undefined) return false
    this.#pending.delete(link)
    const { retired } = this.#links
    const { stopDeadlineMs } = this.#state.setup.config
    if (what === 'remove') retired.end(link, stopDeadlineMs)
    else if (what !== 'start') this.#fates.set(link, link.reconfigure(what, stopDeadlineMs))
    // A link that replaces one with the same id starts when that one is closed.
    else if (this.#state.phase === 'running' && !retired.hasId(link.id)) link.start()
    return true
  }

  #result(): Omit<Reconfiguration, 'node'> {
    const { added, removed, after } = this.#change
    const isNew = new Set(added)
    const fate = { reconnected: [] as string[], changed: [] as string[], unchanged: [] as string[] }
    for (const link of after.links) {
      if (!isNew.has(link)) fate[this.#fates.get(link) ?? 'unchanged'].push(link.id)
    }
    return { added: added.map(({ id }) => id), removed: removed.map(({ id }) => id), ...fate }
  }
}
