import type { RouteTarget } from '@commloop/core'
import type { LinkWatch } from './link-watch.js'
import type { MarkerCounts } from './marker.js'

/** A link that is given a copy. `epoch` 0: for any connection. */
export interface CopyTarget {
  readonly watch: LinkWatch
  readonly epoch: number
}

/** The links that a route names, each once; undefined if it names an unknown link, because then no copy is made. */
export function routeTargets(
  route: RouteTarget | readonly RouteTarget[],
  watches: ReadonlyMap<string, LinkWatch>,
  markers: MarkerCounts,
): CopyTarget[] | undefined {
  const targets = new Map<LinkWatch, number>()
  for (const target of isList(route) ? route : [route]) {
    const found = linksOf(target, watches, markers)
    if (found === undefined) return undefined
    for (const { watch, epoch } of found) if (!targets.has(watch)) targets.set(watch, epoch)
  }
  return [...targets].map(([watch, epoch]) => ({ watch, epoch }))
}

function linksOf(
  target: RouteTarget,
  watches: ReadonlyMap<string, LinkWatch>,
  markers: MarkerCounts,
): CopyTarget[] | undefined {
  const ref = typeof target === 'object' ? target.link : target
  const epoch = typeof target === 'object' ? target.epoch : 0
  if (typeof ref === 'string' && ref.endsWith('/*')) {
    markers.seen('every link of an entry')
    const links = [...watches.values()].filter(({ entry }) => entry.id === ref.slice(0, -2))
    const up = links.filter(({ handle }) => handle.state === 'up')
    return up.length === 0 ? undefined : up.map((watch) => ({ watch, epoch: 0 }))
  }
  const watch = watches.get(String(ref))
  return watch === undefined ? undefined : [{ watch, epoch }]
}

function isList(route: unknown): route is readonly RouteTarget[] {
  return Array.isArray(route)
}
