import type { EntryPluginKind, ErrorCode, PluginKind } from '@commloop/core'
import type { DefaultedKind } from '../plugins/builtin-plugins.js'
import { ALL_PLUGIN_KINDS } from '../plugins/plugin-kinds.js'
import type { ResolvedPlugin } from '../plugins/resolve-plugin.js'
import type { ConfigPath } from '../read/config-path.js'

/** The node's plugin of each kind; undefined only for kinds without a default. */
export type NodePlugins = {
  readonly [Kind in PluginKind]:
    ResolvedPlugin<Kind> | (Kind extends DefaultedKind ? never : undefined)
}

/** Every plugin that a configuration uses. */
export interface ConfigPlugins extends NodePlugins {
  /** Plugins that entries use instead of those of the node. Equal specs share one plugin. */
  readonly entries: readonly EntryPlugin[]
}

/** The plugins that belong to the node as a whole, in the order of their kinds. */
export function nodePlugins(plugins: NodePlugins): ResolvedPlugin[] {
  return ALL_PLUGIN_KINDS.flatMap((kind) => plugins[kind] ?? [])
}

/** Each plugin of a configuration once. */
export function allPlugins(plugins: ConfigPlugins): ReadonlySet<ResolvedPlugin> {
  return new Set([...nodePlugins(plugins), ...plugins.entries.map(({ plugin }) => plugin)])
}

/** A plugin that an entry uses instead of that of the node. */
export interface EntryPlugin {
  /** Position in the table. */
  readonly entry: number
  readonly plugin: ResolvedPlugin<EntryPluginKind>
}

export interface PluginProblem {
  readonly code: ErrorCode
  readonly path: ConfigPath
  readonly message: string
  /** The key is the mistake, not its value. */
  readonly isKey: boolean
}
