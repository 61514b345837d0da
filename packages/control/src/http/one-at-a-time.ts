import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { CONTROL_LIMITS } from '../app/control-limits.js'
import { beginResponseDeadline, endResponseDeadline } from '../app/response-deadline.js'

/** The requests of one connection that have arrived. */
interface RequestLine {
  isBusy: boolean
  readonly waiting: [IncomingMessage, ServerResponse][]
}

/**
 * Handles the requests of a connection one after the other. Node emits every request that a client has pipelined
 * immediately, and holds the responses in memory until the client reads. Here, a request waits until the system has
 * accepted the whole response before it, so a client that does not read costs one response.
 *
 *     requests ──▶ waiting, at most 16 ──▶ handler ──▶ the response is read ──▶ next
 *
 * @param flooded called when a connection was destroyed because it had more requests
 */
export function oneAtATime(listener: RequestListener, flooded: () => void): RequestListener {
  const lines = new WeakMap<Socket, RequestLine>()
  return (request, response) => {
    const { socket } = request
    if (socket.destroyed) return
    const line = lines.get(socket) ?? { isBusy: false, waiting: [] }
    lines.set(socket, line)
    if (line.waiting.length >= CONTROL_LIMITS.pipelinedRequests) {
      line.waiting.length = 0
      socket.destroy()
      flooded()
      return
    }
    line.waiting.push([request, response])
    if (!line.isBusy) handleNext(line, listener)
  }
}

function handleNext(line: RequestLine, listener: RequestListener): void {
  const next = line.waiting.shift()
  line.isBusy = next !== undefined
  if (next === undefined) return
  const [request, response] = next
  beginResponseDeadline(response)
  // Emitted when the system has accepted the whole response, or the connection is closed.
  response.once('close', () => {
    endResponseDeadline(response)
    if (request.socket.destroyed) line.waiting.length = 0
    handleNext(line, listener)
  })
  listener(request, response)
}
