import type { LinkRef, LinkState, LinkView, RouteTarget } from '@commloop/core'

/** One entry of the table whose links a router sees. */
export interface RouterTableEntry {
  readonly id: string
  /** The number of links of the entry, named `id/1`, `id/2`, …; default 1, a link with the id of the entry. */
  readonly slots?: number
  /** Default: `active`, or `passive` if `slots` is given. */
  readonly role?: 'active' | 'passive'
}

/** Returns the state of each link, by its position in the table. */
export type StateOf = (at: number) => LinkState

/** The views of the links of a table. The views and the list are frozen. */
export function linksOf(
  entries: readonly RouterTableEntry[],
  stateOf: StateOf,
): readonly LinkView[] {
  const ids = entries.flatMap((entry) => idsOf(entry).map((id) => ({ id, entry })))
  return Object.freeze(ids.map(({ id, entry }, at) => viewOf(id, entry, stateOf(at), at)))
}

function idsOf({ id, slots = 1 }: RouterTableEntry): readonly string[] {
  return slots === 1 ? [id] : Array.from({ length: slots }, (_, at) => `${id}/${String(at + 1)}`)
}

function viewOf(id: string, entry: RouterTableEntry, state: LinkState, at: number): LinkView {
  const isUp = state === 'up'
  return Object.freeze({
    id,
    entry: entry.id,
    role: entry.role ?? (entry.slots === undefined ? 'active' : 'passive'),
    state,
    epoch: isUp ? at + 1 : at,
    remote: isUp ? Object.freeze({ ip: `10.0.0.${String(at + 1)}`, port: 8000 + at }) : undefined,
    queuedMessages: at * 10,
    queuedBytes: at * 1000,
    aboveHighWaterMark: at % 3 === 2,
  })
}

/** The links that a target names, up or not, as core resolves it; a text says why it names none. */
export function namedBy(
  target: RouteTarget,
  links: readonly LinkView[],
): readonly string[] | string {
  if (typeof target !== 'object') return namedByRef(target, links)
  if (Number.isSafeInteger(target.epoch) && target.epoch >= 1) return namedByRef(target.link, links)
  return `no epoch ${String(target.epoch)}`
}

function namedByRef(ref: LinkRef, links: readonly LinkView[]): readonly string[] | string {
  const idsIn = (entry: string | undefined): string[] =>
    links.filter((link) => link.entry === entry).map(({ id }) => id)
  if (typeof ref === 'string') {
    if (links.some(({ id }) => id === ref)) return [ref]
    if (ref.endsWith('/*')) return orNone(ref, idsIn(ref.slice(0, -2)))
  }
  const entries = [...new Set(links.map(({ entry }) => entry))]
  const ids = orNone(ref, idsIn(typeof ref === 'number' ? entries[ref] : ref))
  return ids.length > 1 && typeof ids !== 'string' ? `"${String(ref)}" has several links` : ids
}

function orNone(ref: LinkRef, ids: readonly string[]): readonly string[] | string {
  return ids.length > 0 ? ids : `no link "${String(ref)}" in the table`
}
