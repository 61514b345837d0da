import type { EntryConfig } from '../config/node-config.js'
import type { Clock } from '../contracts/clock.js'
import type { Link } from '../link/link.js'
import type { LinkFactory } from '../link/link-factory.js'
import { LinkHandle } from '../link/link-handle.js'
import type { LinkSpec } from '../link/link-spec.js'
import { Table } from '../table/table.js'
import { EpochHistory } from './epoch-history.js'
import { RetiredLinks } from './retired-links.js'

/** The links of a node: those of the table, and those that the table no longer has and that are still ending. */
export class NodeLinks {
  readonly #clock: Clock
  readonly #formerEpochs = new EpochHistory()
  readonly retired: RetiredLinks
  #table = new Table([], () => [])
  #handles: ReadonlyMap<Link, LinkHandle> = new Map()
  #views: readonly LinkHandle[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.retired = new RetiredLinks(clock)
  }

  get table(): Table {
    return this.#table
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

  /** Makes the table of these entries. Links that keep their id and role stay. */
  makeTable(
    entries: readonly EntryConfig[],
    specs: ReadonlyMap<string, LinkSpec>,
    factory: LinkFactory,
  ): void {
    const before = this.#table
    const table = new Table(entries, (entry) => {
      const spec = specs.get(entry.id)
      if (spec === undefined) throw new Error(`node: entry ${entry.id} has no setup`)
      return entry.linkIds.map((id) => {
        const link = before.link(id)
        if (link?.entry.role === entry.role) return link
        return factory.linkOf(id, spec, link?.epoch ?? this.#formerEpochs.lastOf(id))
      })
    })
    if (!sameLinks(before.links, table.links)) this.#useTable(table)
  }

  #useTable(table: Table): void {
    const handleOf = (link: Link): LinkHandle =>
      this.#handles.get(link) ?? new LinkHandle(link, this.#clock)
    this.#table = table
    this.#handles = new Map(table.links.map((link) => [link, handleOf(link)] as const))
    this.#views = Object.freeze([...this.#handles.values()])
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
