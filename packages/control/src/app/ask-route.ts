import { CommloopError } from '@commloop/core'
import { readRequestFields } from '../json/request-json.js'
import type { ControlApp } from './control-app.js'
import { CONTROL_LIMITS } from './control-limits.js'
import type { ControlledNode } from './controlled-node.js'
import { beginResponseDeadline, endResponseDeadline } from './response-deadline.js'
import { bodyFields, timeoutMs } from './send-request.js'
import { withSuggestion } from './suggest-link.js'

const TIMEOUT_MS_DEFAULT = 10_000

/** Sends one request for an operator, and responds with its answer. A client that leaves aborts its request. */
export function addAskRoute(app: ControlApp, { node, payloadBytesMax }: ControlledNode): void {
  app.post('/v1/request', async (call) => {
    const fields = await bodyFields(call, payloadBytesMax())
    const request = readRequestFields({ ...fields, id: undefined })
    if ('id' in fields) throw invalid('"id": not allowed, because the response is the answer')
    if ('problem' in request) throw invalid(request.problem)
    const timeout = timeoutMs(fields.timeout, TIMEOUT_MS_DEFAULT)
    const { socket } = call.env.incoming
    const left = new AbortController()
    const abort = (): void => {
      left.abort()
    }
    endResponseDeadline(call.env.outgoing)
    // Nothing moves on the connection while the client waits for the answer.
    socket.setTimeout(0)
    socket.once('close', abort)
    try {
      const { to, question } = request
      const { signal } = left
      const { payload, link, epoch } = await node.request(question, { to, timeout, signal })
      return call.json({ link, epoch, base64: Buffer.from(payload).toString('base64') })
    } catch (error) {
      throw withSuggestion(error, request.to, node)
    } finally {
      socket.off('close', abort)
      socket.setTimeout(CONTROL_LIMITS.idleMs)
      beginResponseDeadline(call.env.outgoing)
    }
  })
}

function invalid(message: string): CommloopError {
  return new CommloopError('CML_ERR_INPUT_INVALID', message)
}
