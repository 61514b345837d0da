import { setImmediate as loopTurn } from 'node:timers/promises'
import { inSlices, resolvingOptions, sourcePortWarnings, SystemClock } from '@commloop/core'
import { type ConfigRequest, findConfig } from '../find/find-config.js'
import { type Diagnostic, diagnosticsError } from '../read/diagnostic.js'
import type { FileProblem } from '../read/file-problem.js'
import type { ConfigFile } from '../schema/schema.js'
import { controlSection } from '../sections/control-section.js'
import { metricsSection } from '../sections/metrics-section.js'
import { acknowledgementWarning } from './acknowledgement-warning.js'
import { checkSource, type SourceChecker } from './checked-file.js'
import { checkPlugins, type PluginReport, warningText } from './check-plugins.js'
import { heartbeatProblems } from './heartbeat-problems.js'
import type { LoadedConfig } from './loaded-config.js'
import { payloadWarning } from './payload-warning.js'
import { PluginResolver } from './plugin-resolver.js'
import { fixedKeyProblems, type RunningConfig } from './running-config.js'
import { listenFilesRevision, withTlsFiles } from './tls-files.js'
import { toNodeOptions } from './to-node-options.js'

/** The result of reading a configuration file. */
export type ConfigReading =
  | { readonly ok: true; readonly config: LoadedConfig }
  | {
      readonly ok: false
      readonly file: string
      readonly problems: readonly Diagnostic[]
      readonly warnings: readonly string[]
    }

/**
 * Finds and reads the configuration, validates all of it, and creates its plugins. With `running`, plugins of the running
 * node are used again, and changes that require a restart are mistakes too. A large table does not keep the event loop,
 * apart from `check` and the code of plugins.
 *
 * @param check parses the text and checks it against the schema; default: on this thread, in one piece
 * @throws CommloopError if there is no configuration, more than one, or it cannot be read: see `findConfig`.
 */
export async function readConfig(
  request: ConfigRequest,
  running?: RunningConfig,
  check: SourceChecker = onThisThread,
): Promise<ConfigReading> {
  const checked = await check(await findConfig(request), request.env)
  const { file, name, folder, warnings, data } = checked
  const further: FileProblem[] = []
  const parts = data === undefined ? undefined : await checkedParts(data, folder, running, further)
  if (parts === undefined || !checked.isValid || further.length > 0) {
    const problems = await checked.diagnostics(further)
    if (parts === undefined || problems.length > 0) return { ok: false, file, problems, warnings }
  }
  const listenFiles = listenFilesRevision(parts.options)
  const all = [...warnings, ...parts.warnings]
  return { ok: true, config: { file, name, folder, ...parts, listenFiles, warnings: all } }
}

const onThisThread: SourceChecker = (source, env) => Promise.resolve(checkSource(source, env))

/**
 * Like `readConfig`, but throws if the configuration is invalid.
 *
 * @throws CommloopError with all mistakes in its message: CML_ERR_PLUGIN_MISSING or CML_ERR_PLUGIN_INVALID if all of them
 *   have this code, else CML_ERR_CONFIG_INVALID; and see `readConfig`.
 */
export async function loadConfig(request: ConfigRequest): Promise<LoadedConfig> {
  const reading = await readConfig(request)
  if (reading.ok) return reading.config
  throw await diagnosticsError(reading.problems)
}

type CheckedParts = Pick<
  LoadedConfig,
  'options' | 'node' | 'plugins' | 'control' | 'metrics' | 'warnings'
>

/**
 * Adds what is wrong with the parts to `problems`. Gives the event loop back after each step.
 *
 * @returns undefined: a plugin of the node is missing, which is reported
 */
async function checkedParts(
  file: ConfigFile,
  folder: string,
  running: RunningConfig | undefined,
  found: FileProblem[],
): Promise<CheckedParts | undefined> {
  const resolver = new PluginResolver(folder, running?.config.plugins)
  const plugins = await resolver.take(file)
  found.push(...resolver.problems)
  await loopTurn()
  const written = toNodeOptions(file, resolver)
  await loopTurn()
  const options = withTlsFiles(written, folder)
  const resolved = await inSlices(new SystemClock(), resolvingOptions(options))
  const { config: node } = resolved
  found.push(...resolved.problems)
  if (running !== undefined && plugins !== undefined) {
    found.push(...(await running.problems(node, plugins)))
  }
  // A running node reports these among its own problems.
  if (plugins !== undefined && running === undefined) {
    found.push(...heartbeatProblems(options, node, plugins.codec.value))
  }
  await loopTurn()
  const ofPlugins = plugins === undefined ? NOTHING_TO_REPORT : checkPlugins(options, plugins)
  found.push(...ofPlugins.problems)
  await loopTurn()
  const control = controlSection(file, folder)
  const metrics = metricsSection(file)
  found.push(...control.problems, ...metrics.problems)
  const process = { control: control.value, metrics: metrics.value }
  if (running !== undefined) {
    const wanted = plugins === undefined ? process : { ...process, plugins }
    found.push(...fixedKeyProblems(running.config, wanted))
  }
  if (plugins === undefined) return undefined
  const ofPorts = sourcePortWarnings(node)
  const ofSystem = acknowledgementWarning(node, plugins.transport.value)
  const ofSizes = payloadWarning(node, plugins.codec.value)
  const remarks = [...resolved.warnings, ...ofPorts, ...ofSystem, ...ofSizes].map(warningText)
  return { options, node, plugins, ...process, warnings: remarks.concat(ofPlugins.warnings) }
}

const NOTHING_TO_REPORT: PluginReport = { problems: [], warnings: [] }
