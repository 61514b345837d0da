import { createServer, type RequestListener, type Server } from 'node:http'
import { CONTROL_LIMITS } from '../app/control-limits.js'
import { oneAtATime } from './one-at-a-time.js'

/** How long clients may take to read the end of their responses when a server closes. */
const CLOSE_MS_MAX = 500

/**
 * An HTTP server with the limits that every listener has.
 *
 * @param holdsPlaces for a port, which strangers may reach; on a socket, only the user of the node would be refused
 */
export function limitedServer(
  listener: RequestListener,
  connectionsMax: number,
  holdsPlaces: boolean,
): Server {
  const { headerBytes, requestMs, idleMs } = CONTROL_LIMITS
  const server = createServer(
    {
      maxHeaderSize: headerBytes,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      keepAliveTimeout: requestMs,
      connectionsCheckingInterval: 1_000,
    },
    oneAtATime(listener, () => {
      if (holdsPlaces) holdPlace(server, connectionsMax)
    }),
  )
  server.maxConnections = connectionsMax
  server.setTimeout(idleMs)
  // An error while the server listens costs one client, not the node.
  server.on('error', () => undefined)
  return server
}

/**
 * A client that floods a connection with requests would connect again immediately, and parsing its requests costs more than
 * refusing its connection. So the place of its connection stays taken for a while. One place stays free.
 */
function holdPlace(server: Server, connectionsMax: number): void {
  if (server.maxConnections <= 1) return
  server.maxConnections--
  setTimeout(() => {
    server.maxConnections = Math.min(connectionsMax, server.maxConnections + 1)
  }, CONTROL_LIMITS.floodedPlaceMs).unref()
}

/**
 * Resolves when the server listens.
 *
 * @param listen calls `server.listen`
 * @throws the error of the operating system
 */
export function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error): void => {
      server.off('error', done).off('listening', done)
      if (error === undefined) resolve()
      else reject(error)
    }
    server.on('error', done).on('listening', done)
    listen()
  })
}

/** Stops listening, and resolves when every connection is closed. Requests that are running get a moment to end. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.closeAllConnections()
    }, CLOSE_MS_MAX)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
