import { CommloopError, configProblems, type NodeConfig, resolveConfig } from '@commloop/core'
import { type ConfigRequest, findConfig } from '../find/find-config.js'
import { DEFAULT_PLUGINS } from '../plugins/builtin-plugins.js'
import { type PluginSpec, pluginSpecOf } from '../plugins/plugin-spec.js'
import type { ResolvedPlugin } from '../plugins/resolve-plugin.js'
import { ConfigDocument } from '../read/config-document.js'
import { inReadingOrder, problemsText } from '../read/diagnostic.js'
import { roleProblems } from '../schema/legacy-role.js'
import { schemaProblems } from '../schema/schema-problems.js'
import type { LoadedConfig } from './load-config.js'
import { optionsOfFile } from './to-node-options.js'
import { usablePart } from './valid-subset.js'

/** Kinds of plugins on which both sides of a link must agree. */
export type LinkPluginKind = 'transport' | 'codec'

/** The node and its table, without loading plugins: enough to compare the tables of two machines. */
export interface ConfigTable {
  readonly file: string
  /** The file relative to the working folder. */
  readonly name: string
  readonly node: NodeConfig
  /** The plugin that the configuration specifies for the links of an entry, by the entry's position. */
  pluginOf(kind: LinkPluginKind, entry: number): TablePlugin
}

export interface TablePlugin {
  readonly spec: PluginSpec
  /** undefined: the table was read without its plugins. */
  readonly plugin: ResolvedPlugin | undefined
}

/** The table of a configuration that was loaded with its plugins. */
export function tableOf({ file, name, options, plugins }: LoadedConfig): ConfigTable {
  const own = new Map(
    plugins.entries
      .filter(({ plugin }) => plugin.kind === 'codec')
      .map(({ entry, plugin }) => [entry, plugin]),
  )
  return {
    file,
    name,
    node: resolveConfig(options),
    pluginOf: (kind, entry) => {
      const plugin = (kind === 'codec' ? own.get(entry) : undefined) ?? plugins[kind]
      return { spec: { use: plugin.name, options: plugin.options }, plugin }
    },
  }
}

/**
 * Reads the table of another machine. Its plugins, certificates and other files do not have to exist here: none of them is
 * opened.
 *
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every problem, and what `findConfig` throws
 */
export async function loadTable(request: ConfigRequest): Promise<ConfigTable> {
  const source = await findConfig(request)
  const document = new ConfigDocument(source, request.env)
  const written = usablePart(document.data, [])
  const options = optionsOfFile(written, () => ({}))
  const ofSchema = [
    ...schemaProblems(document.data),
    ...written.links.flatMap((entry, index) => roleProblems(entry, ['links', index])),
  ]
  // If the file violates the schema, `written` is only a part of it, and checking that part would mislead.
  const found = ofSchema.length === 0 ? [...configProblems(options)] : ofSchema
  const problems = [
    ...document.problems,
    ...(document.data === undefined ? [] : found).map(({ path, message }) =>
      document.problemAt('CML_ERR_CONFIG_INVALID', path, message),
    ),
  ]
  if (problems.length > 0) {
    throw new CommloopError('CML_ERR_CONFIG_INVALID', problemsText(inReadingOrder(problems)))
  }
  return {
    name: source.name,
    file: source.file,
    node: resolveConfig(options),
    pluginOf: (kind, entry) => {
      const own = kind === 'codec' ? written.links[entry]?.codec : undefined
      const spec = pluginSpecOf(own ?? written[kind] ?? DEFAULT_PLUGINS[kind])
      return { spec, plugin: undefined }
    },
  }
}
