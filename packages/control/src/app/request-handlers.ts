import type { RequestListener } from 'node:http'
import { CommloopError } from '@commloop/core'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { type ControlApi, controlApi } from './control-api.js'
import type { AppEnvironment, ControlApp } from './control-app.js'
import type { ControlledNode } from './controlled-node.js'
import { guard } from './guard.js'
import { metricsApp } from './metrics-route.js'
import { jsonRefusal, textRefusal, unexpected } from './request-refused.js'
import { SharedText } from './shared-text.js'

/** What a TCP listener serves: only `GET /metrics`, or the control API and `GET /metrics`. */
export type ServedOnTcp = 'metrics' | 'api'

/** The request handlers of one node. All listeners share one API and one set of limits. */
export class RequestHandlers {
  readonly #controlled: ControlledNode
  readonly #metrics: SharedText
  readonly #api: ControlApi

  constructor(controlled: ControlledNode) {
    this.#controlled = controlled
    this.#metrics = new SharedText(controlled.metrics)
    this.#api = controlApi(controlled, this.#metrics)
  }

  /** For a socket, where the permissions of the file decide which users may connect. */
  get forSocket(): RequestListener {
    return listenerOf(this.#api.app)
  }

  /** For TCP, where the guard checks each request. */
  forTcp(serves: ServedOnTcp, token: string | undefined): RequestListener {
    const app =
      serves === 'api' ? this.#api.app : metricsApp(this.#metrics, this.#controlled.logger)
    const refusal = serves === 'api' ? jsonRefusal : textRefusal
    const guarded: ControlApp = new Hono<AppEnvironment>()
    guarded.use(guard(token))
    guarded.all('*', (call) => app.fetch(call.req.raw, call.env))
    guarded.onError((error, call) =>
      refusal(call, CommloopError.is(error) ? error : unexpected(error)),
    )
    return listenerOf(guarded)
  }

  /** Ends every event stream. */
  end(): void {
    this.#api.end()
  }
}

function listenerOf(app: ControlApp): RequestListener {
  const handle = getRequestListener((request, bindings) => app.fetch(request, bindings), {
    // Other code in the process must keep Node's own Request and Response.
    overrideGlobalObjects: false,
  })
  return (request, response) => {
    // node-server builds a URL from the Host header, and rejects a missing one (HTTP/1.0) and some IPv6 addresses. It
    // leaves an absolute URL as it is. Only the guard judges the header.
    if (request.url?.startsWith('/') === true) request.url = `http://commloop${request.url}`
    void handle(request, response)
  }
}
