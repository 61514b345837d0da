import { CommloopError, configProblems, type NodeConfig, resolveConfig } from '@commloop/core'
import {
  ConfigDocument,
  type ConfigRequest,
  findConfig,
  inReadingOrder,
  type LoadedConfig,
  optionsOfFile,
  type PluginSpec,
  pluginSpecOf,
  problemsText,
  roleProblems,
  schemaProblems,
  STANDARD_PLUGIN,
  usablePart,
} from '@commloop/config'

/** One of two nodes that are to be linked. */
export interface EndTable {
  /** The file's name as the user would type it. */
  readonly name: string
  readonly file: string
  readonly node: NodeConfig
  /** How the codec of an entry is asked for. */
  codecOf(entry: number): PluginSpec
}

export function endOfConfig(config: LoadedConfig): EndTable {
  const { codec, entries } = config.plugins
  const own = new Map(
    entries
      .filter(({ plugin }) => plugin.kind === 'codec')
      .map(({ entry, plugin }) => [entry, specOfText(plugin.spec)]),
  )
  const standard = specOfText(codec.spec)
  return {
    name: config.name,
    file: config.file,
    node: resolveConfig(config.options),
    codecOf: (entry) => own.get(entry) ?? standard,
  }
}

function specOfText(canonical: string): PluginSpec {
  return pluginSpecOf(JSON.parse(canonical) as { use: string })
}

/**
 * Reads the table of another machine. Its router, its certificates and other files of it need not be here: nothing of
 * that is looked for.
 *
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every mistake, and what `findConfig` throws
 */
export async function readEndTable(request: ConfigRequest): Promise<EndTable> {
  const source = await findConfig(request)
  const document = new ConfigDocument(source, request.env)
  const written = usablePart(document.data, [])
  const options = optionsOfFile(written, () => ({}))
  const told = [
    ...schemaProblems(document.data),
    ...written.links.flatMap((entry, index) => roleProblems(entry, ['links', index])),
  ]
  // Of a file that breaks the schema, the rest would only be judged by what is left of it.
  const found = told.length === 0 ? [...configProblems(options)] : told
  const problems = [
    ...document.problems,
    ...(document.data === undefined ? [] : found).map(({ path, message }) =>
      document.problemAt('CML_ERR_CONFIG_INVALID', path, message),
    ),
  ]
  if (problems.length > 0) {
    throw new CommloopError('CML_ERR_CONFIG_INVALID', problemsText(inReadingOrder(problems)))
  }
  const { codec = STANDARD_PLUGIN.codec, links } = written
  return {
    name: source.name,
    file: source.file,
    node: resolveConfig(options),
    codecOf: (entry) => pluginSpecOf(links[entry]?.codec ?? codec),
  }
}
