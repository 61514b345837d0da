export { Lifecycle } from './di.js'
export type { DependencyContainer, InjectionToken } from './di.js'
export * from './contracts/transport.js'
export * from './contracts/frame-codec.js'
export type * from './contracts/link-opening.js'
export * from './contracts/reconnect-strategy.js'
export * from './contracts/send-router.js'
export * from './contracts/clock.js'
export * from './contracts/random.js'
export * from './contracts/logger.js'
export type { OutboxLimits } from './contracts/outbox.js'
export * from './contracts/plugin.js'
export type * from './contracts/journal.js'
export * from './contracts/storage.js'
export {
  CommloopError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
} from './contracts/errors.js'
export { PluginOptionReader } from './text/plugin-option-reader.js'
export { optionError, optionsError, type RejectedOption } from './contracts/option-error.js'
export { REASON_TEXTS, type Reason, type ReasonCode, reasonText } from './contracts/reason.js'
export type * from './contracts/node-events.js'
export type { Finding } from './contracts/finding.js'
export type { WarningCode, WarningEvent } from './contracts/warning.js'
export type * from './config/node-options.js'
export { LISTEN_KEYS } from './config/node-options.js'
export { NodeConfig } from './config/node-config.js'
export type * from './config/node-config.js'
export { type Duration, DURATION_MS_MAX, durationMs, durationText } from './units/duration.js'
export { type Size, sizeBytes, sizeText } from './units/size.js'
export { parseIp, sameIp, ipKey, isUnspecified, type IpBytes } from './address/ip-address.js'
export {
  type AddressPattern,
  parseAddressPattern,
  patternMatches,
  sameNetwork,
} from './address/address-pattern.js'
export { listenersOf, writtenListeners } from './config/listeners.js'
export { type AcceptRule, decidingEntries, inDecidingOrder } from './config/accept-order.js'
export { sourcePortWarnings } from './config/source-port-warnings.js'
export { entryPlaces } from './config/entry-places.js'
export { type ConfigProblem, pathText } from './config/config-problem.js'
export {
  configProblems,
  resolveConfig,
  type ResolvedOptions,
  resolveOptions,
  resolvingOptions,
} from './config/resolve-config.js'
export {
  ExponentialBackoff,
  type ExponentialBackoffOptions,
} from './reconnect/exponential-backoff.js'
export { DirectRouter } from './routing/direct-router.js'
export { createNode, type NodePart, type Plugin, use, useRouter } from './node/create-node.js'
export { Node, type NotListening } from './node/node.js'
export type { NodeCounters } from './ledger/node-counters.js'
export type { RequestCounters } from './ledger/request-counters.js'
export type { NameState } from './accept/peer-names.js'
export type { RejectionCount } from './accept/rejections.js'
export type { ListenerState } from './accept/listening.js'
export { challengeMs } from './accept/challenge.js'
export type { NewPlugins, Reconfiguration } from './node/reconfiguration.js'
export type { LinkCounters } from './ledger/link-counters.js'
export { type CopyLedger, ledgerProblems, type MessageLedger } from './ledger/balance.js'
export type { LinkDetails, LinkHandle, LinkWait, PeerWay } from './link/link-handle.js'
export type { Release } from './link/intake.js'
export { heartbeatProblems } from './link/link-factory.js'
export type { SendOptions } from './routing/dispatch.js'
export type { RequestKey, RequestKeyReader, RequestOptions } from './routing/request-options.js'
export { LINK_TRANSITIONS, type LinkEvent, type LinkRole } from './link/link-state.js'
export { isLoopback } from './address/loopback.js'
export { addressText } from './address/address-text.js'
export { describeValue } from './text/describe-value.js'
export { foreignCopy } from './text/foreign-copy.js'
export { foreignText, jsonText, messageText, systemCode } from './text/safe-text.js'
export { shortened } from './text/short-text.js'
export { escapeInvisible, visibleJson, visibleOutput, visibleText } from './text/visible-text.js'
export { nearest, editDistance, unknownOptionText } from './text/suggestion.js'
export { SystemClock } from './runtime/system-clock.js'
export { inSlices } from './turns/sliced-work.js'
export type { Steps } from './turns/steps.js'
export { FairTimer } from './timing/fair-timer.js'
export { GuardedLogger } from './events/guarded-logger.js'
export { type Claim, type Entrance, SharedPlaces } from './shares/shared-places.js'
export type { Lane } from './shares/lane-shares.js'
export { Standings } from './shares/standings.js'
export { Throttle, type ThrottleLimits } from './events/throttle.js'
export { BATCH_BYTES_MAX } from './link/connection/batch-buffers.js'
export {
  FIRST_BYTES_MAX,
  FIRST_BYTES_MAX as OPENING_BYTES_MAX,
} from './link/connection/first-bytes.js'
