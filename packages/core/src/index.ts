export * from './di.js'
export * from './contracts/transport.js'
export * from './contracts/frame-codec.js'
export * from './contracts/reconnect-strategy.js'
export * from './contracts/send-router.js'
export * from './contracts/clock.js'
export * from './contracts/random.js'
export * from './contracts/logger.js'
export * from './contracts/outbox.js'
export { CommloopError, ERROR_CODES, type ErrorCode } from './errors.js'
export type * from './events.js'
export type { Finding } from './audit/finding.js'
export type * from './config/node-options.js'
export { NodeConfig } from './config/node-config.js'
export type * from './config/node-config.js'
export { type Duration, DURATION_MS_MAX, durationMs, durationText } from './units/duration.js'
export { type Size, sizeBytes, sizeText } from './units/size.js'
export { parseIp, sameIp, ipKey, type IpBytes } from './table/ip-address.js'
export {
  type AddressPattern,
  parseAddressPattern,
  patternMatches,
} from './table/address-pattern.js'
export { type ConfigProblem, pathText } from './config/config-problem.js'
export { LINK_DEFAULTS } from './config/link-settings.js'
export { configProblems, resolveConfig } from './config/resolve-config.js'
export {
  ExponentialBackoff,
  type ExponentialBackoffOptions,
} from './reconnect/exponential-backoff.js'
export { DirectRouter } from './routing/direct-router.js'
