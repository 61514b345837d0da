import { type EntryConfig, listenersOf, type PluginSide } from '@commloop/core'
import type { ConfigTable, PluginSpec } from '@commloop/config'

/** What a plugin may know about one side of a link. */
export function pluginSide(
  { node }: Pick<ConfigTable, 'node'>,
  entry: EntryConfig,
  { options }: PluginSpec,
): PluginSide {
  const { heartbeat } = entry.settings
  return {
    node: node.name,
    role: entry.role,
    options,
    transportOptions:
      entry.role === 'active'
        ? entry.transportOptions
        : (listenersOf(node, entry)[0]?.transportOptions ?? {}),
    identities: entry.role === 'active' ? undefined : entry.identities,
    heartbeats: [heartbeat?.payload, heartbeat?.answer].filter((bytes) => bytes !== undefined),
  }
}
