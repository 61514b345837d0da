export { type Check, registerChecks } from './check.js'
export { openingChecks, openingCompliance, type OpeningComplianceOptions } from './opening.js'
export type { OpeningTestPeer } from './opening-stage.js'
export { frameCodecChecks, frameCodecCompliance } from './frame-codec.js'
export type { FrameCodecComplianceOptions } from './frame-codec-options.js'
export {
  transportChecks,
  transportCompliance,
  type TransportComplianceOptions,
} from './transport.js'
export type { SilentPlace, Silence } from './transport-dialing.js'
export type { TransportHosts } from './transport-stage.js'
export {
  reconnectStrategyChecks,
  reconnectStrategyCompliance,
  type ReconnectStrategyComplianceOptions,
} from './reconnect-strategy.js'
export type { RouterTableEntry } from './router-table.js'
export {
  sendRouterChecks,
  sendRouterCompliance,
  type SendRouterComplianceOptions,
} from './send-router.js'
export { journalChecks, journalCompliance } from './journal.js'
export type { MakeJournal } from './journal-stage.js'
export { storageChecks, storageCompliance, type StorageUnderTest } from './storage.js'
