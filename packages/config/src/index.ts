/**
 * Finds, reads, validates and reloads the configuration of a commloop node, without the command line.
 *
 * `loadConfig` and `configuredNode` make a node from a file. `readTable` validates a table without executing anything.
 * `Reloader` applies changes of the file to a running node.
 */
export { type ConfigRequest, type ConfigSource, findConfig } from './find/find-config.js'
export { readRegularFile, type RegularFile } from './find/regular-file.js'
export type { EncodingProblem } from './find/encoding-problem.js'
export { type LegacyTable, readLegacyTable } from './legacy/legacy-table.js'
export {
  allPlugins,
  type ConfigPlugins,
  type EntryPlugin,
  nodePlugins,
} from './load/config-plugins.js'
export {
  type ConfigTable,
  type LinkPluginKind,
  loadTable,
  readTable,
  type TableReading,
  tableOf,
  type TablePlugin,
} from './load/config-table.js'
export { configuredNode } from './load/configured-node.js'
export { loadConfig, readConfig } from './load/load-config.js'
export type { ConfigReading, LoadedConfig } from './load/loaded-config.js'
export type { RunningConfig } from './load/running-config.js'
export { builtinNames, builtinPlugin, DEFAULT_PLUGINS } from './plugins/builtin-plugins.js'
export { NO_PLUGIN } from './plugins/plugin-kinds.js'
export {
  compareSides,
  counterpartOf,
  descriptorsOf,
  payloadLayoutOf,
} from './plugins/plugin-services.js'
export { isSecretKey, SECRET_KEYS } from './read/secret-keys.js'
export { canonicalSpec, type PluginSpec, shownSpec } from './plugins/plugin-spec.js'
export { framedSpec, peerCodecSpec } from './plugins/framed-spec.js'
export { type ResolvedPlugin, originText } from './plugins/resolve-plugin.js'
export {
  type Diagnostic,
  type Diagnostic as PlacedProblem,
  problemsText,
} from './read/diagnostic.js'
export { remedyOf } from './reload/listen-remedy.js'
export { Reloader } from './reload/reloader.js'
export type { ReloadResult } from './reload/reload-result.js'
export { type ControlPath, controlPathIn } from './sections/control-section.js'
export type { MetricsPlace } from './sections/metrics-section.js'
export {
  configText,
  type NewConfig,
  type NewEntry,
  type NewListen,
  TEMPLATE,
} from './write/config-text.js'
export { blockYaml, inlineYaml, yamlComment } from './write/yaml-text.js'
