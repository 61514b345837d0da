export {
  DIAGNOSTIC_CHANNELS,
  DiagnosticChannels,
  type DiagnosticMessages,
} from './diagnostic-channels.js'
export { EventLoopDelay } from './event-loop-delay.js'
export { METRIC_FAMILIES, type MetricFamily } from './metric-families.js'
export { METRICS_CONTENT_TYPE, type MetricsSource, metricsText } from './metrics-text.js'
export { type ProcessFacts, processFacts } from './process-facts.js'
export { type ProcessLimits, processLimits } from './process-limits.js'
