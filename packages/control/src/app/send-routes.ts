import type { ControlApp } from './control-app.js'
import { CONTROL_LIMITS } from './control-limits.js'
import type { ControlledNode } from './controlled-node.js'
import { jsonAnswer } from './json-answer.js'
import { OperatorSends } from './operator-send.js'
import { beginResponseDeadline, endResponseDeadline } from './response-deadline.js'
import { readSendRequest } from './send-request.js'
import { withSuggestion } from './suggest-link.js'

export function addSendRoute(app: ControlApp, { node, payloadBytesMax }: ControlledNode): void {
  const sends = new OperatorSends(node)
  app.post('/v1/send', async (call) => {
    const { request, waitMs } = await readSendRequest(call, payloadBytesMax())
    const { socket } = call.env.incoming
    endResponseDeadline(call.env.outgoing)
    // Nothing moves on the connection while the client waits for the outcomes.
    socket.setTimeout(0)
    const copies = await sends.send(request, waitMs).catch((error: unknown) => {
      throw withSuggestion(error, request.options.to, node)
    })
    socket.setTimeout(CONTROL_LIMITS.idleMs)
    beginResponseDeadline(call.env.outgoing)
    return jsonAnswer(call, {
      written: copies.every(({ outcome }) => outcome === 'written'),
      copies,
    })
  })
}
