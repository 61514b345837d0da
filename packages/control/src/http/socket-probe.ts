import { connect } from 'node:net'
import { systemCode } from '@commloop/core'

/** How long a process that listens may take to accept a connection. */
const CONNECT_MS_MAX = 2_000

/**
 * What is at the path of a socket. `answers`: a process accepts connections. `silent`: a process listens, but has not
 * accepted in time. `gone`: the process that created it has ended, or there is no socket. `closed`: it cannot be used, for
 * example because it belongs to another user.
 */
export type SocketState = 'answers' | 'silent' | 'gone' | 'closed'

/** Connects to a socket, and closes the connection. */
export function probeSocket(path: string): Promise<SocketState> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const done = (state: SocketState): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(state)
    }
    const timer = setTimeout(() => {
      done('silent')
    }, CONNECT_MS_MAX)
    socket.once('connect', () => {
      done('answers')
    })
    socket.once('error', (error) => {
      const code = systemCode(error)
      done(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'gone' : 'closed')
    })
  })
}
