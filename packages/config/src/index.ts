export { type ConfigRequest, type ConfigSource, findConfig } from './find/find-config.js'
export { roleProblems } from './schema/legacy-role.js'
export { readSeedTable } from './legacy/legacy-table.js'
export { configuredNode } from './load/configured-node.js'
export { type LoadedConfig, type MetricsPlace, loadConfig, readConfig } from './load/load-config.js'
export { optionsOfFile } from './load/to-node-options.js'
export { usablePart } from './load/valid-subset.js'
export { STANDARD_PLUGIN } from './plugins/builtin-plugins.js'
export { type PluginKind } from './plugins/plugin-kind.js'
export { type PluginSpec, canonicalSpec, pluginSpecOf } from './plugins/plugin-spec.js'
export { type ResolvedPlugin, placeText, resolvePlugin } from './plugins/resolve-plugin.js'
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
