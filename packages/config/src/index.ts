export { type ConfigRequest, type ConfigSource, findConfig } from './find/find-config.js'
export { roleProblems } from './schema/legacy-role.js'
export { readSeedTable } from './legacy/legacy-table.js'
export {
  type ConfigTable,
  type LinkPluginKind,
  loadTable,
  tableOf,
  type TablePlugin,
} from './load/config-table.js'
export { configuredNode } from './load/configured-node.js'
export { type LoadedConfig, type MetricsPlace, loadConfig, readConfig } from './load/load-config.js'
export { optionsOfFile } from './load/to-node-options.js'
export { usablePart } from './load/valid-subset.js'
export { allPlugins } from './load/config-plugins.js'
export { builtinPlugin, DEFAULT_PLUGINS } from './plugins/builtin-plugins.js'
export { compareSides, counterpartOf, descriptorsOf } from './plugins/plugin-services.js'
export { type PluginSpec, canonicalSpec, pluginSpecOf } from './plugins/plugin-spec.js'
export { type ResolvedPlugin, originText, resolvePlugin } from './plugins/resolve-plugin.js'
export { ConfigDocument } from './read/config-document.js'
export { type PlacedProblem, inReadingOrder, problemsText } from './read/diagnostic.js'
export { remedyOf } from './reload/listen-remedy.js'
export { Reloader } from './reload/reloader.js'
export { schemaProblems } from './schema/schema-problems.js'
export {
  configText,
  inlineYaml,
  type NewConfig,
  type NewEntry,
  TEMPLATE,
} from './write/config-text.js'
