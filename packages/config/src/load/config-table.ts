import { type NodeConfig, resolveOptions } from '@commloop/core'
import { type ConfigRequest, findConfig } from '../find/find-config.js'
import { DEFAULT_PLUGINS } from '../plugins/builtin-plugins.js'
import { NO_PLUGIN } from '../plugins/plugin-kinds.js'
import { type PluginSpec, pluginSpecOf } from '../plugins/plugin-spec.js'
import type { ResolvedPlugin } from '../plugins/resolve-plugin.js'
import { ConfigDocument } from '../read/config-document.js'
import { type Diagnostic, diagnosticsError } from '../read/diagnostic.js'
import { DiagnosticList } from '../read/diagnostic-list.js'
import { checkFile } from './check-file.js'
import { warningText } from './check-plugins.js'
import type { LoadedConfig } from './loaded-config.js'
import { toNodeOptions, WITHOUT_PLUGINS } from './to-node-options.js'

/** Kinds of plugins on which both sides of a link must agree. */
export type LinkPluginKind = 'transport' | 'codec'

/** The node and its table, without its plugins: enough to check or to compare tables of other machines. */
export interface ConfigTable {
  readonly file: string
  /** The file relative to the working folder. */
  readonly name: string
  readonly node: NodeConfig
  /** The plugin that the configuration specifies for the links of an entry, by the entry's position. */
  pluginOf(kind: LinkPluginKind, entry: number): TablePlugin
  /** The opening of the links of an entry; undefined: they have none. */
  openingOf(entry: number): TablePlugin | undefined
}

/** A plugin as a table specifies it. */
export interface TablePlugin {
  readonly spec: PluginSpec
  /** undefined: the table was read without its plugins. */
  readonly plugin: ResolvedPlugin | undefined
}

/** The result of reading the table of a configuration file. */
export type TableReading =
  | { readonly ok: true; readonly table: ConfigTable; readonly warnings: readonly string[] }
  | {
      readonly ok: false
      readonly file: string
      readonly problems: readonly Diagnostic[]
      readonly warnings: readonly string[]
    }

/**
 * Reads and validates the table of a configuration that may belong to another machine. Nothing is executed: plugins and
 * files of certificates are not looked for, and `control` and `metrics` are only checked against the schema.
 *
 * @throws CommloopError if there is no configuration, more than one, or it cannot be read: see `findConfig`.
 */
export async function readTable(request: ConfigRequest): Promise<TableReading> {
  const source = await findConfig(request)
  const { file: path, name, warnings } = source
  const document = new ConfigDocument(source, request.env)
  const diagnostics = new DiagnosticList(document)
  const rejected = (): TableReading => {
    return { ok: false, file: path, problems: diagnostics.sorted(), warnings }
  }
  if (document.data === undefined) return rejected()
  const file = checkFile(document, diagnostics)
  const resolved = resolveOptions(toNodeOptions(file, WITHOUT_PLUGINS))
  const { config: node, problems } = resolved
  diagnostics.report(problems)
  if (!diagnostics.isEmpty) return rejected()
  const pluginOf = (kind: LinkPluginKind, entry: number): TablePlugin => {
    const own = kind === 'codec' ? file.links[entry]?.codec : undefined
    return { spec: pluginSpecOf(own ?? file[kind] ?? DEFAULT_PLUGINS[kind]), plugin: undefined }
  }
  const openingOf = (entry: number): TablePlugin | undefined => {
    const written = file.links[entry]?.opening ?? file.opening ?? NO_PLUGIN
    return written === NO_PLUGIN ? undefined : { spec: pluginSpecOf(written), plugin: undefined }
  }
  const all = [...warnings, ...resolved.warnings.map(warningText)]
  return { ok: true, table: { file: path, name, node, pluginOf, openingOf }, warnings: all }
}

/**
 * Like `readTable`, but throws if the table is invalid.
 *
 * @throws CommloopError CML_ERR_CONFIG_INVALID with all mistakes in its message; and see `readTable`.
 */
export async function loadTable(request: ConfigRequest): Promise<ConfigTable> {
  const reading = await readTable(request)
  if (reading.ok) return reading.table
  throw await diagnosticsError(reading.problems)
}

/** The table of a configuration that was loaded with its plugins. */
export function tableOf({ file, name, node, plugins }: LoadedConfig): ConfigTable {
  const own = new Map(
    plugins.entries.map(({ entry, plugin }) => [`${plugin.kind} ${String(entry)}`, plugin]),
  )
  const tablePlugin = (plugin: ResolvedPlugin): TablePlugin => {
    return { spec: { use: plugin.name, options: plugin.options }, plugin }
  }
  const pluginOf = (kind: LinkPluginKind, entry: number): TablePlugin => {
    return tablePlugin(own.get(`${kind} ${String(entry)}`) ?? plugins[kind])
  }
  const openingOf = (entry: number): TablePlugin | undefined => {
    // An entry may say that it has none.
    if (node.entries[entry]?.settings.opening === undefined) return undefined
    const plugin = own.get(`opening ${String(entry)}`) ?? plugins.opening
    return plugin === undefined ? undefined : tablePlugin(plugin)
  }
  return { file, name, node, pluginOf, openingOf }
}
