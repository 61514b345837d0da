import type { Clock } from '../contracts/clock.js'
import type { Link } from '../link/link.js'
import type { LinkHandle } from '../link/link-handle.js'
import { Table } from '../table/table.js'
import { EpochHistory } from './epoch-history.js'
import { RetiredLinks } from './retired-links.js'
import type { TableChange } from './table-change.js'

/** The links of a node: those of the table, and those that the table no longer has and that are still ending. */
export class NodeLinks {
  readonly #formerEpochs = new EpochHistory()
  readonly retired: RetiredLinks
  #table = new Table([], () => [])
  #handles: ReadonlyMap<Link, LinkHandle> = new Map()
  #views: readonly LinkHandle[] = []

  constructor(clock: Clock) {
    this.retired = new RetiredLinks(clock)
  }

  get table(): Table {
    return this.#table
  }

  get handles(): ReadonlyMap<Link, LinkHandle> {
    return this.#handles
  }

  /** A handle for each link of the table. The same array until the table changes. */
  get views(): readonly LinkHandle[] {
    return this.#views
  }

  handleOf(link: Link): LinkHandle {
    const handle = this.#handles.get(link)
    if (handle === undefined) throw new Error(`node: link ${link.id} has no handle`)
    return handle
  }

  /** The links of the table, and those that are still ending. */
  get present(): readonly Link[] {
    return [...this.#table.links, ...this.retired.links]
  }

  /** Takes another table. Its links continue the epochs of former links of their ids. */
  take({ after, handles, removed, added }: TableChange): void {
    const before = this.#table
    for (const link of added) {
      link.epoch = before.link(link.id)?.epoch ?? this.#formerEpochs.lastOf(link.id)
    }
    this.retired.expect(removed)
    if (sameLinks(before.links, after.links)) return
    this.#table = after
    this.#handles = handles
    this.#views = Object.freeze([...handles.values()])
  }

  /** A link that the table no longer has is closed. */
  closed(link: Link): void {
    this.retired.closed(link)
    this.#formerEpochs.remember(link.id, link.epoch)
  }
}

function sameLinks(left: readonly Link[], right: readonly Link[]): boolean {
  return left.length === right.length && left.every((link, at) => link === right[at])
}
