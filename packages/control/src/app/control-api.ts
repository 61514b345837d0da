import { CommloopError, messageText, nearest } from '@commloop/core'
import { Hono } from 'hono'
import { addAskRoute } from './ask-route.js'
import type { AppEnvironment, Call, ControlApp } from './control-app.js'
import type { ControlledNode } from './controlled-node.js'
import { addEventRoute } from './event-routes.js'
import type { EventSubscription } from './event-subscription.js'
import { jsonAnswer } from './json-answer.js'
import { addLinkRoutes } from './link-routes.js'
import { jsonRefusal, RequestRefused, unexpected } from './request-refused.js'
import { addSendRoute } from './send-routes.js'
import { SharedText } from './shared-text.js'
import { addStatusRoutes } from './status-routes.js'

/** The control API of one node as a hono app. */
export interface ControlApi {
  /** Runs only under `@hono/node-server`, because it uses the request objects of `node:http`. */
  readonly app: ControlApp
  /** Ends every event stream with the event `end`. Call it after the node has stopped. */
  end(): void
}

/**
 * Makes the control API of one node; `docs/control-api.md` is its contract.
 *
 * @param metrics the text of the metrics; default: one that only this API uses
 */
export function controlApi(
  controlled: ControlledNode,
  metrics: SharedText = new SharedText(controlled.metrics),
): ControlApi {
  const { logger } = controlled
  const app: ControlApp = new Hono<AppEnvironment>()
  const subscriptions = new Set<EventSubscription>()
  addStatusRoutes(app, controlled, metrics)
  addEventRoute(app, controlled, subscriptions)
  addSendRoute(app, controlled)
  addAskRoute(app, controlled)
  addLinkRoutes(app, controlled)
  app.post('/v1/reload', async (call) => jsonAnswer(call, await controlled.reload()))
  app.notFound((call) => jsonRefusal(call, unknownRequest(app, call)))
  app.onError((error, call) => {
    if (CommloopError.is(error)) return jsonRefusal(call, error)
    logger.error({ err: error }, `control: ${messageText(error)}`)
    return jsonRefusal(call, unexpected(error))
  })
  return {
    app,
    end: () => {
      for (const subscription of subscriptions) subscription.end()
    },
  }
}

function unknownRequest(app: ControlApp, call: Call): RequestRefused {
  const { method, path } = call.req
  const known = app.routes.map((route) => `${route.method} ${route.path}`)
  const meant = nearest(`${method} ${path}`, known)
  const hint = meant === undefined ? `Known: ${known.join(', ')}` : `Did you mean ${meant}?`
  return new RequestRefused(404, `unknown request ${method} ${path}. ${hint}`)
}
