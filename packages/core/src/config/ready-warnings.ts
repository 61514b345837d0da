import type { ConfigProblem } from './config-problem.js'
import type { EntryConfig } from './node-config.js'
import type { NodeOptions } from './node-options.js'

const MESSAGE =
  'the link waits for the first frame of the peer, and without a heartbeat this node never asks for one. Set ' +
  '"heartbeat" if the peer answers it, "silence" if the peer sends regularly by itself, or else "ready: stable"'

const NO_EFFECT =
  'has no effect: the link has an "opening", which says when it is up. Remove "ready", or set "ready: opening"'

/** Settings of `ready` that an opening overrules. */
function overruled(
  entries: readonly EntryConfig[],
  { links, ready }: Pick<NodeOptions, 'links' | 'ready'>,
): ConfigProblem[] {
  const own = entries.filter(({ index, settings }) => {
    const written = links[index]?.ready
    return settings.opening !== undefined && written !== undefined && written !== 'opening'
  })
  const inheriting = entries.filter(({ index }) => links[index]?.ready === undefined)
  const isOverruled =
    ready !== undefined &&
    ready !== 'opening' &&
    inheriting.length > 0 &&
    inheriting.every(({ settings }) => settings.opening !== undefined)
  return [
    ...(isOverruled ? [{ path: ['ready'], message: NO_EFFECT }] : []),
    ...own.map(({ index }) => ({ path: ['links', index, 'ready'], message: NO_EFFECT })),
  ]
}

/** What the table says about `ready`, and probably does not mean. */
export function readyWarnings(
  entries: readonly EntryConfig[],
  node: Pick<NodeOptions, 'links' | 'ready'>,
): ConfigProblem[] {
  return [...unfed(entries, node), ...overruled(entries, node)]
}

/**
 * Entries whose links come up only with a frame of the peer, although nothing says that the peer sends one. Two such nodes
 * would wait for each other.
 */
function unfed(
  entries: readonly EntryConfig[],
  { links }: Pick<NodeOptions, 'links'>,
): ConfigProblem[] {
  const own: ConfigProblem[] = []
  let isInherited = false
  for (const { enabled, index, settings } of entries) {
    const { ready, heartbeat, silenceMs } = settings
    if (!enabled || ready !== 'frame' || heartbeat !== undefined || silenceMs > 0) continue
    if (links[index]?.ready === undefined) isInherited = true
    else own.push({ path: ['links', index, 'ready'], message: MESSAGE })
  }
  return isInherited ? [{ path: ['ready'], message: MESSAGE }, ...own] : own
}
