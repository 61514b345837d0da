import type { Clock } from '../contracts/clock.js'
import type { Link } from '../link/link.js'
import type { LinkFactory } from '../link/link-factory.js'
import { LinkHandle } from '../link/link-handle.js'
import { type LinkSpec, sameSpec } from '../link/link-spec.js'
import { Table } from '../table/table.js'
import type { Steps } from '../turns/steps.js'
import type { PresentSetup } from './reconfiguration-plan.js'

/** The table that a node takes next, and how it differs from the present one. Made without any effect on the node. */
export interface TableChange {
  readonly after: Table
  readonly handles: ReadonlyMap<Link, LinkHandle>
  readonly removed: readonly Link[]
  readonly added: readonly Link[]
  /** Links that stay, with their new specs. Those whose specs are equal are not listed. */
  readonly changed: ReadonlyMap<Link, LinkSpec>
}

/** The present links of a node. */
export interface PresentLinks {
  readonly table: Table
  readonly handles: ReadonlyMap<Link, LinkHandle>
}

/** Works out the change from the present table to the one of `next`. Links that keep their id and role stay. */
export function* tableChange(
  present: PresentLinks,
  before: Pick<PresentSetup, 'specs'>,
  { setup, specs }: PresentSetup,
  factory: LinkFactory,
  clock: Clock,
): Steps<TableChange> {
  const linksOf = new Map<string, readonly Link[]>()
  const handles = new Map<Link, LinkHandle>()
  const added: Link[] = []
  const changed = new Map<Link, LinkSpec>()
  for (const { id: entryId, role, linkIds } of setup.config.entries) {
    const spec = specs.get(entryId)
    if (spec === undefined) throw new Error(`node: entry ${entryId} has no setup`)
    const isSame = isUntouched(before.specs.get(entryId), spec)
    const links: Link[] = []
    for (const id of linkIds) {
      const had = present.table.link(id)
      const stays = had?.entry.role === role
      const link = stays ? had : factory.linkOf(id, spec)
      if (!stays) added.push(link)
      else if (!isSame) changed.set(link, spec)
      links.push(link)
      handles.set(link, present.handles.get(link) ?? new LinkHandle(link, clock))
      yield
    }
    linksOf.set(entryId, links)
  }
  const after = new Table(setup.config.entries, ({ id }) => linksOf.get(id) ?? [])
  yield
  const removed = present.table.links.filter((link) => !handles.has(link))
  return { after, handles, removed, added, changed }
}

/** Whether links of the first spec need not even know of the second. */
function isUntouched(before: LinkSpec | undefined, after: LinkSpec): boolean {
  if (before === undefined) return false
  const { entry: old } = before
  const { entry } = after
  return (
    old.index === entry.index &&
    old.derivedFrom === entry.derivedFrom &&
    old.linkIds.length === entry.linkIds.length &&
    sameSpec(before, after)
  )
}
