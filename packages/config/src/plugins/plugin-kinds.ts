import { type EntryPluginKind, PLUGIN_KINDS, type PluginKind } from '@commloop/core'

/** Every kind, in the order of the contract. */
export const ALL_PLUGIN_KINDS: readonly PluginKind[] = Object.keys(PLUGIN_KINDS) as PluginKind[]

/** Kinds of which only the node has a plugin. */
export const NODE_PLUGIN_KINDS: readonly NodePluginKind[] = ALL_PLUGIN_KINDS.filter(
  (kind): kind is NodePluginKind => !isEntryKind(kind),
)

/** Kinds of which an entry may use another plugin than the node. */
export const ENTRY_PLUGIN_KINDS: readonly EntryPluginKind[] = ALL_PLUGIN_KINDS.filter(isEntryKind)

export type NodePluginKind = Exclude<PluginKind, EntryPluginKind>

/** What a configuration writes for a kind without a default, to have no plugin of it. */
export const NO_PLUGIN = 'none'

function isEntryKind(kind: PluginKind): kind is EntryPluginKind {
  return PLUGIN_KINDS[kind].perEntry
}
