import type { ConfigProblem } from './config-problem.js'
import type { EntryConfig } from './node-config.js'
import type { NodeOptions } from './node-options.js'

const MESSAGE =
  'the link waits for the first frame of the peer, and without a heartbeat this node never asks for one. Set ' +
  '"heartbeat" if the peer answers it, "silence" if the peer sends regularly by itself, or else "ready: stable"'

/**
 * Entries whose links come up only with a frame of the peer, although nothing says that the peer sends one. Two such nodes
 * would wait for each other.
 */
export function readyWarnings(
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
