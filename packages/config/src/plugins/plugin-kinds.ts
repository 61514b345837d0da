import { type EntryPluginKind, PLUGIN_KINDS, type PluginKind } from '@commloop/core'

const ALL = Object.keys(PLUGIN_KINDS) as PluginKind[]

/** Kinds of which only the node has a plugin, in the order of the contract. */
export const NODE_PLUGIN_KINDS: readonly NodePluginKind[] = ALL.filter(
  (kind): kind is NodePluginKind => !isEntryKind(kind),
)

/** Kinds of which an entry may use another plugin than the node. */
export const ENTRY_PLUGIN_KINDS: readonly EntryPluginKind[] = ALL.filter(isEntryKind)

export type NodePluginKind = Exclude<PluginKind, EntryPluginKind>

function isEntryKind(kind: PluginKind): kind is EntryPluginKind {
  return PLUGIN_KINDS[kind].perEntry
}
