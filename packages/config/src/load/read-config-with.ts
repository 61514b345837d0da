import { setImmediate as loopTurn } from 'node:timers/promises'
import { inSlices, resolvingOptions, sourcePortWarnings, SystemClock } from '@commloop/core'
import { type ConfigRequest, findConfig } from '../find/find-config.js'
import type { FileProblem } from '../read/file-problem.js'
import type { ConfigFile } from '../schema/schema.js'
import { controlSection } from '../sections/control-section.js'
import { metricsSection } from '../sections/metrics-section.js'
import { acknowledgementWarning } from './acknowledgement-warning.js'
import type { SourceChecker } from './checked-file.js'
import { checkPlugins, type PluginReport, warningText } from './check-plugins.js'
import { heartbeatProblems } from './heartbeat-problems.js'
import type { ConfigReading, LoadedConfig } from './loaded-config.js'
import { payloadWarning } from './payload-warning.js'
import { PluginResolver } from './plugin-resolver.js'
import { fixedKeyProblems, type RunningConfig } from './running-config.js'
import { listenFilesRevision, withTlsFiles } from './tls-files.js'
import { toNodeOptions } from './to-node-options.js'

/**
 * `readConfig` with another way to check the text against the schema.
 *
 * @param check parses the text and checks it, on this thread or on another one
 */
export async function readConfigWith(
  check: SourceChecker,
  request: ConfigRequest,
  running?: RunningConfig,
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
