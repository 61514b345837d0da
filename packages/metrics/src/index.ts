/**
 * Metrics of a commloop node. `metricsText` formats them for Prometheus, `DiagnosticChannels` publishes messages and link
 * changes inside the process. `@commloop/control` serves the metrics over HTTP.
 *
 * @packageDocumentation
 */
export {
  DIAGNOSTIC_CHANNELS,
  DiagnosticChannels,
  type DiagnosticMessages,
} from './diagnostic-channels.js'
export { EventLoopDelay } from './event-loop-delay.js'
export {
  type Measured,
  type MeasuredLink,
  METRIC_FAMILIES,
  type MetricFamily,
  type MetricUnit,
  type Sample,
} from './metric-families.js'
export type { OutputStatus } from './output-status.js'
export { METRICS_CONTENT_TYPE, type MetricsSource, metricsText } from './metrics-text.js'
export { type ProcessFacts, processFacts } from './process-facts.js'
export { type ProcessLimits, processLimits } from './process-limits.js'
