import type { ConfigProblem } from './config-problem.js'
import type { EntryConfig } from './node-config.js'
import { sameEntry } from './same-entry.js'

/**
 * Entries without an id of their own that are told apart by their order alone, and stand in another one now. Each would
 * be taken for its neighbour, and its queue and its connection with it.
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
        message: `was "${moved.id}" and would be taken for "${entry.id}", because it has no id of its own: write down the ids that these entries had, ${names}`,
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
