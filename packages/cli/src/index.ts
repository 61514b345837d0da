export { loadConfig, type LoadedConfig } from './config/load-config.js'
export type { ConfigRequest } from './config/find-config.js'
export { configuredNode } from './run/configured-node.js'
export { EXIT } from './exit-codes.js'
