import { CommloopError, configProblems, type NodeConfig, resolveConfig } from '@commloop/core'
import {
  ConfigDocument,
  type ConfigRequest,
  DEFAULT_PLUGINS,
  findConfig,
  inReadingOrder,
  type LoadedConfig,
  optionsOfFile,
  type PluginSpec,
  pluginSpecOf,
  problemsText,
  type ResolvedPlugin,
  roleProblems,
  schemaProblems,
  usablePart,
} from '@commloop/config'

/** Kinds of plugins on which both sides of a link must agree. */
export type ComparedKind = 'transport' | 'codec'

/** The table of one of two nodes that are each other's peers. */
export interface PeerTable {
  /** The file's name as the user would type it. */
  readonly name: string
  readonly file: string
  readonly node: NodeConfig
  /** The plugin that the links of an entry use. */
  pluginOf(kind: ComparedKind, entry: number): TablePlugin
}

export interface TablePlugin {
  readonly spec: PluginSpec
  /** undefined: the table is that of another machine, whose plugins are not loaded. */
  readonly plugin: ResolvedPlugin | undefined
}

/** The table of this node. */
export function ownTable(config: LoadedConfig): PeerTable {
  const { plugins } = config
  const own = new Map(
    plugins.entries
      .filter(({ plugin }) => plugin.kind === 'codec')
      .map(({ entry, plugin }) => [entry, plugin]),
  )
  return {
    name: config.name,
    file: config.file,
    node: resolveConfig(config.options),
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
export async function readPeerTable(request: ConfigRequest): Promise<PeerTable> {
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
