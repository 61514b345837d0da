import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import {
  CommloopError,
  type ConfigProblem,
  configProblems,
  type ErrorCode,
  isLoopback,
  type NodeOptions,
  parseIp,
} from '@commloop/core'
import { SOCKET_PATH_BYTES_MAX } from '@commloop/control/socket-path'
import { ConfigDocument } from '../read/config-document.js'
import type { ConfigPlugins } from './config-plugins.js'
import { foundText } from '../schema/fields.js'
import { type ConfigRequest, findConfig } from '../find/find-config.js'
import type { ConfigPath } from '../read/config-path.js'
import { optionsOfFile } from './to-node-options.js'
import { inReadingOrder, type PlacedProblem, problemsText } from '../read/diagnostic.js'
import { PluginShelf } from './plugin-resolver.js'
import type { ConfigFile } from '../schema/schema.js'
import { schemaProblems } from '../schema/schema-problems.js'
import { roleProblems } from '../schema/legacy-role.js'
import { checkPlugins, type PluginReport } from './check-plugins.js'
import { listenFilesRevision, withTlsFiles } from './tls-files.js'
import { usablePart } from './valid-subset.js'

/** A configuration without mistakes. */
export interface LoadedConfig {
  /** The file used, always worth a log line. */
  readonly file: string
  /** The same, as seen from the working folder. */
  readonly name: string
  readonly folder: string
  readonly options: NodeOptions
  readonly plugins: ConfigPlugins
  /** Path of the control socket, absolute; false: none; undefined: the default place. */
  readonly control: string | false | undefined
  /** Where to serve metrics by TCP; undefined: not at all. */
  readonly metrics: MetricsPlace | undefined
  /** What the files held that the listener reads. */
  readonly listenFiles: string
  readonly warnings: readonly string[]
}

export interface MetricsPlace {
  readonly host: string
  readonly port: number
  /** What a request must show; undefined: nothing. */
  readonly token: string | undefined
}

/** What came of reading a configuration that was found. */
export type ConfigReading =
  | { readonly ok: true; readonly config: LoadedConfig }
  | {
      readonly ok: false
      readonly file: string
      readonly problems: readonly PlacedProblem[]
      readonly warnings: readonly string[]
    }

/** What a running node has, for a configuration that is to take its place. */
export interface RunningConfig {
  readonly config: LoadedConfig
  /** What is wrong with options, and what the node could not take on without a restart. */
  problems(options: NodeOptions, plugins: ConfigPlugins): readonly ConfigProblem[]
}

/**
 * Finds the configuration, reads and judges it as a whole, and makes its plugins. With `running`, plugins that a node
 * has already are used on, and what it cannot take on while it runs is a mistake too.
 *
 * @throws CommloopError where there is none, or more than one, or it may not be read: see `findConfig`.
 */
export async function readConfig(
  request: ConfigRequest,
  running?: RunningConfig,
): Promise<ConfigReading> {
  const source = await findConfig(request)
  const document = new ConfigDocument(source, request.env)
  const { data } = document
  const judged = data === undefined ? undefined : await judge(document, source.folder, running)
  const problems = [...document.problems, ...(judged?.problems ?? [])]
  const { file, name, folder, warnings } = source
  if (judged?.plugins === undefined || problems.length > 0) {
    return { ok: false, file, problems: inReadingOrder(problems), warnings }
  }
  const { options, plugins, control, metrics } = judged
  const all = [...warnings, ...judged.warnings]
  const listenFiles = listenFilesRevision(options)
  const own = { file, name, folder, options, plugins }
  return { ok: true, config: { ...own, control, metrics, listenFiles, warnings: all } }
}

/**
 * The same for whoever wants a configuration or nothing.
 *
 * @throws CommloopError also where it has mistakes, with all of them in the message: CML_ERR_PLUGIN_MISSING or
 *   CML_ERR_PLUGIN_INVALID where they are all of that sort, else CML_ERR_CONFIG_INVALID.
 */
export async function loadConfig(request: ConfigRequest): Promise<LoadedConfig> {
  const reading = await readConfig(request)
  if (reading.ok) return reading.config
  throw new CommloopError(codeOf(reading.problems), problemsText(reading.problems))
}

/** The one code that says most about all of them. */
export function codeOf(problems: readonly PlacedProblem[]): ErrorCode {
  const codes = new Set(problems.map(({ code }) => code))
  const [only] = codes
  return only !== undefined && codes.size === 1 ? only : 'CML_ERR_CONFIG_INVALID'
}

interface Judgement {
  readonly options: NodeOptions
  readonly control: LoadedConfig['control']
  readonly metrics: MetricsPlace | undefined
  readonly plugins: ConfigPlugins | undefined
  readonly problems: readonly PlacedProblem[]
  readonly warnings: readonly string[]
}

interface Told {
  readonly path: ConfigPath
  readonly message: string
  readonly code?: ErrorCode
  readonly isKey?: boolean
}

async function judge(
  document: ConfigDocument,
  folder: string,
  running: RunningConfig | undefined,
): Promise<Judgement> {
  const told: ConfigPath[] = [...document.incompletePaths]
  const problems: PlacedProblem[] = []
  const tell = ({ path, message, isKey = false, code = 'CML_ERR_CONFIG_INVALID' }: Told): void => {
    if (told.some((earlier) => isWithin(path, earlier))) return
    problems.push(
      isKey ? document.problemAtKey(code, path, message) : document.problemAt(code, path, message),
    )
  }
  const wrong = schemaProblems(document.data)
  for (const problem of wrong) tell(problem)
  told.push(...wrong.map(({ path }) => path))
  const usable = usablePart(document.data, told)
  for (const [index, entry] of usable.links.entries()) {
    for (const problem of roleProblems(entry, ['links', index])) {
      tell(problem)
      told.push(problem.path)
    }
  }
  const shelf = new PluginShelf(folder, running?.config.plugins)
  const plugins = await shelf.take(usable)
  for (const problem of shelf.problems) tell(problem)
  const written = optionsOfFile(usable, (entry) => shelf.choicesOf(entry))
  const options = withTlsFiles(written, folder)
  const ofPlugins = plugins === undefined ? NOTHING_TO_REPORT : checkPlugins(options, plugins)
  const ofOptions = optionProblems(options, plugins, running)
  for (const problem of [...ofOptions, ...ofPlugins.problems]) tell(problem)
  const control = controlPath(usable, folder)
  if (typeof control === 'string') tellLength(control, tell)
  const metrics = metricsPlace(usable)
  if (metrics !== undefined) tellMetricsHost(metrics, tell)
  if (running !== undefined) tellFixed(running.config, { control, metrics, plugins }, tell)
  return { options, control, metrics, plugins, problems, warnings: ofPlugins.warnings }
}

function optionProblems(
  options: NodeOptions,
  plugins: ConfigPlugins | undefined,
  running: RunningConfig | undefined,
): readonly ConfigProblem[] {
  if (running === undefined || plugins === undefined) return configProblems(options)
  return running.problems(options, plugins)
}

/** What belongs to the process, and stays as long as it lives. */
function tellFixed(
  has: LoadedConfig,
  wanted: Pick<LoadedConfig, 'control' | 'metrics'> & {
    readonly plugins?: ConfigPlugins | undefined
  },
  tell: (problem: Told) => void,
): void {
  const fixed = (key: string): Told => ({
    path: [key],
    message: `a running node keeps its ${key}: restart it to change that`,
  })
  const { control, metrics, plugins } = wanted
  if (control !== has.control) tell(fixed('control'))
  if (!isDeepStrictEqual(metrics, has.metrics)) tell(fixed('metrics'))
  if (plugins !== undefined && plugins.transport !== has.plugins.transport) tell(fixed('transport'))
}

const NOTHING_TO_REPORT: PluginReport = { problems: [], warnings: [] }

function controlPath({ control }: ConfigFile, folder: string): LoadedConfig['control'] {
  return typeof control === 'string' ? resolve(folder, control) : control
}

function tellLength(path: string, tell: (problem: Told) => void): void {
  const bytes = Buffer.byteLength(path)
  if (bytes <= SOCKET_PATH_BYTES_MAX) return
  const limit = String(SOCKET_PATH_BYTES_MAX)
  const message = `expected a path of at most ${limit} bytes, found ${String(bytes)}: ${path}`
  tell({ path: ['control'], message })
}

const METRICS_HOST = '127.0.0.1'

function metricsPlace({ metrics }: ConfigFile): MetricsPlace | undefined {
  if (metrics === undefined) return undefined
  const { port, host = METRICS_HOST, token } = metrics
  return { host, port, token }
}

/** Whoever can reach the port learns who talks to whom; on this machine that is for its users to know. */
function tellMetricsHost({ host, token }: MetricsPlace, tell: (problem: Told) => void): void {
  const path = ['metrics', 'host']
  if (parseIp(host) === undefined) {
    tell({ path, message: `expected an IP address of this machine, found ${foundText(host)}` })
  } else if (!isLoopback(host) && token === undefined) {
    const message = `${host} is reachable from other machines: set metrics.token, or leave host out`
    tell({ path, message })
  }
}

function isWithin(path: ConfigPath, outer: ConfigPath): boolean {
  return outer.length <= path.length && outer.every((key, at) => path[at] === key)
}
