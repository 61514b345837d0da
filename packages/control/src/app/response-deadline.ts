import type { ServerResponse } from 'node:http'
import { CONTROL_LIMITS } from './control-limits.js'

const timers = new WeakMap<ServerResponse, NodeJS.Timeout>()

/** From now on, the client has `responseMs` to take the response. Then its connection is destroyed. */
export function beginResponseDeadline(response: ServerResponse): void {
  const timer = setTimeout(() => {
    response.socket?.destroy()
    response.req.socket.destroy()
  }, CONTROL_LIMITS.responseMs).unref()
  timers.set(response, timer)
}

/** For responses that wait, or that go on for as long as the client reads. */
export function endResponseDeadline(response: ServerResponse): void {
  clearTimeout(timers.get(response))
  timers.delete(response)
}
