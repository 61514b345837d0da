export { MemoryConnection } from './memory-connection.js'
export { MemoryNetwork, type MemoryNetworkOptions } from './memory-network.js'
export type { NameAnswer } from './memory-names.js'
export type { MemoryPipe } from './memory-pipe.js'
export { type NetworkFault, type NetworkWatcher } from './network-watcher.js'
export {
  type Cut,
  type CutManner,
  FAIR_CONDITIONS,
  type PathConditions,
  type Range,
} from './path-conditions.js'
