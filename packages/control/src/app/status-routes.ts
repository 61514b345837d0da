import { linkStatuses, nodeStatus, statusOfLink } from '../status/node-status.js'
import type { ControlApp } from './control-app.js'
import type { ControlledNode } from './controlled-node.js'
import { jsonAnswer } from './json-answer.js'
import { requestedLink } from './link-routes.js'
import { METRICS_PATH, metricsResponse } from './metrics-route.js'
import type { SharedText } from './shared-text.js'

/** Requests that show the node and change nothing. */
export function addStatusRoutes(
  app: ControlApp,
  controlled: ControlledNode,
  metrics: SharedText,
): void {
  const { node, facts, availability, output } = controlled
  app.get('/v1/status', (call) => jsonAnswer(call, nodeStatus(node, facts, availability, output())))
  app.get('/v1/links', (call) => jsonAnswer(call, { links: linkStatuses(node) }))
  app.get('/v1/links/:id', (call) =>
    jsonAnswer(call, statusOfLink(node, requestedLink(node, call))),
  )
  for (const path of ['/v1/metrics', METRICS_PATH]) {
    app.get(path, (call) => metricsResponse(call, metrics))
  }
}
