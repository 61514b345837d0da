import { METRICS_CONTENT_TYPE } from '@commloop/metrics'
import { Hono } from 'hono'
import { CommloopError, type Logger, messageText } from '@commloop/core'
import type { AppEnvironment, Call, ControlApp } from './control-app.js'
import { RequestRefused, textRefusal, unexpected } from './request-refused.js'
import type { SharedText } from './shared-text.js'

/** The path that Prometheus reads by default. */
export const METRICS_PATH = '/metrics'

/** The metrics as a response. A large table is many lines: the node makes them while the client reads. */
export function metricsResponse(call: Call, metrics: SharedText): Response {
  const headers = { 'Content-Type': METRICS_CONTENT_TYPE, 'Cache-Control': 'no-store' }
  if (call.req.method === 'HEAD') return call.body(null, 200, headers)
  return call.body(ReadableStream.from(metrics.read()), 200, headers)
}

/** Serves `GET /metrics` and nothing else. */
export function metricsApp(metrics: SharedText, logger: Logger): ControlApp {
  const app: ControlApp = new Hono<AppEnvironment>()
  app.get(METRICS_PATH, (call) => metricsResponse(call, metrics))
  app.all(METRICS_PATH, (call) => textRefusal(call, new RequestRefused(405, 'there is only GET')))
  app.notFound((call) =>
    textRefusal(call, new RequestRefused(404, `there is only ${METRICS_PATH}`)),
  )
  app.onError((error, call) => {
    if (CommloopError.is(error)) return textRefusal(call, error)
    logger.error({ err: error }, `metrics: ${messageText(error)}`)
    return textRefusal(call, unexpected(error))
  })
  return app
}
