import { resolveOptions, sourcePortWarnings } from '@commloop/core'
import { type ConfigRequest, findConfig } from '../find/find-config.js'
import { ConfigDocument } from '../read/config-document.js'
import { type Diagnostic, diagnosticsError } from '../read/diagnostic.js'
import { DiagnosticList } from '../read/diagnostic-list.js'
import { controlSection } from '../sections/control-section.js'
import { metricsSection } from '../sections/metrics-section.js'
import { acknowledgementWarning } from './acknowledgement-warning.js'
import { checkFile } from './check-file.js'
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
 * node are used again, and changes that require a restart are mistakes too.
 *
 * @throws CommloopError if there is no configuration, more than one, or it cannot be read: see `findConfig`.
 */
export async function readConfig(
  request: ConfigRequest,
  running?: RunningConfig,
): Promise<ConfigReading> {
  const source = await findConfig(request)
  const { file, name, folder, warnings } = source
  const document = new ConfigDocument(source, request.env)
  const diagnostics = new DiagnosticList(document)
  const parts =
    document.data === undefined
      ? undefined
      : await checkedParts(document, folder, running, diagnostics)
  if (parts === undefined || !diagnostics.isEmpty) {
    return { ok: false, file, problems: diagnostics.sorted(), warnings }
  }
  const listenFiles = listenFilesRevision(parts.options)
  const all = [...warnings, ...parts.warnings]
  return { ok: true, config: { file, name, folder, ...parts, listenFiles, warnings: all } }
}

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

/** undefined: a plugin of the node is missing, which is reported. */
async function checkedParts(
  document: ConfigDocument,
  folder: string,
  running: RunningConfig | undefined,
  diagnostics: DiagnosticList,
): Promise<CheckedParts | undefined> {
  const file = checkFile(document, diagnostics)
  const resolver = new PluginResolver(folder, running?.config.plugins)
  const plugins = await resolver.take(file)
  diagnostics.report(resolver.problems)
  const written = toNodeOptions(file, (entry) => resolver.choicesOf(entry))
  const options = withTlsFiles(written, folder)
  const { config: node, problems, warnings: ofTable } = resolveOptions(options)
  diagnostics.report(problems)
  if (running !== undefined && plugins !== undefined) {
    diagnostics.report(running.problems(node, plugins))
  }
  // A running node reports these among its own problems.
  if (plugins !== undefined && running === undefined) {
    diagnostics.report(heartbeatProblems(options, node, plugins.codec.value))
  }
  const ofPlugins = plugins === undefined ? NOTHING_TO_REPORT : checkPlugins(options, plugins)
  diagnostics.report(ofPlugins.problems)
  const control = controlSection(file, folder)
  const metrics = metricsSection(file)
  diagnostics.report([...control.problems, ...metrics.problems])
  const process = { control: control.value, metrics: metrics.value }
  if (running !== undefined) {
    const wanted = plugins === undefined ? process : { ...process, plugins }
    diagnostics.report(fixedKeyProblems(running.config, wanted))
  }
  if (plugins === undefined) return undefined
  const ofPorts = sourcePortWarnings(node)
  const ofSystem = acknowledgementWarning(node, plugins.transport.value)
  const ofSizes = payloadWarning(node, plugins.codec.value)
  const warnings = [...ofTable, ...ofPorts, ...ofSystem, ...ofSizes]
    .map(warningText)
    .concat(ofPlugins.warnings)
  return { options, node, plugins, ...process, warnings }
}

const NOTHING_TO_REPORT: PluginReport = { problems: [], warnings: [] }
