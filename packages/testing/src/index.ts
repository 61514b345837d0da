export { ManualClock } from './manual-clock.js'
export { MemoryConnection } from './memory-connection.js'
export { MemoryNetwork, type MemoryNetworkOptions } from './memory-network.js'
export { SeededRandom } from './seeded-random.js'
