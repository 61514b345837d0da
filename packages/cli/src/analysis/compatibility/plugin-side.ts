import type { EntryConfig, PluginSide } from '@commloop/core'
import type { ConfigTable, PluginSpec } from '@commloop/config'

/** What a plugin may know about one side of a link. */
export function pluginSide(
  { node }: ConfigTable,
  entry: EntryConfig,
  { options }: PluginSpec,
): PluginSide {
  const { heartbeat } = entry.settings
  return {
    node: node.name,
    role: entry.role,
    options,
    transportOptions:
      entry.role === 'active' ? entry.transportOptions : (node.listen?.transportOptions ?? {}),
    identities: entry.role === 'active' ? undefined : entry.identities,
    heartbeats: [heartbeat?.payload, heartbeat?.answer].filter((bytes) => bytes !== undefined),
  }
}
