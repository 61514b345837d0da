import type { ConfigProblem } from './config-problem.js'
import type { EntryConfig } from './node-config.js'
import { sameEntry } from './same-entry.js'

/**
 * Entries without an `id` that share a derived id are told apart by their order. If that order has changed, an entry
 * would take over the queue and the connection of its neighbour: reports each such entry.
 */
export function movedEntries(
  before: readonly EntryConfig[],
  after: readonly EntryConfig[],
): ConfigProblem[] {
  const old = byOrigin(before)
  const problems: ConfigProblem[] = []
  for (const [origin, entries] of byOrigin(after)) {
    const were = old.get(origin) ?? []
    if (were.length < 2 && entries.length < 2) continue
    for (const [at, entry] of entries.entries()) {
      const was = were[at]
      if (was !== undefined && alike(was, entry)) continue
      const moved = were.find((other) => alike(other, entry))
      if (moved === undefined) continue
      const names = were.map(({ id }) => `"${id}"`).join(', ')
      problems.push({
        path: ['links', entry.index],
        message: `entry "${moved.id}" would now be matched to "${entry.id}": entries without an "id" are matched by order. Add the ids that these entries had: ${names}`,
      })
    }
  }
  return problems
}

function byOrigin(entries: readonly EntryConfig[]): Map<string, EntryConfig[]> {
  const groups = new Map<string, EntryConfig[]>()
  for (const entry of entries) {
    if (entry.derivedFrom === undefined) continue
    const group = groups.get(entry.derivedFrom)
    if (group === undefined) groups.set(entry.derivedFrom, [entry])
    else group.push(entry)
  }
  return groups
}

function alike(left: EntryConfig, right: EntryConfig): boolean {
  return left.linkIds.length === right.linkIds.length && sameEntry(left, right)
}
