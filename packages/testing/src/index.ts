export { ManualClock } from './manual-clock.js'
export * from './network/index.js'
export { SeededRandom } from './seeded-random.js'
export * from './simulator/index.js'
