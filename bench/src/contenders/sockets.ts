import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export const LOOPBACK = '127.0.0.1'

/** Listens on a free port. @returns the port */
export async function listen(connected: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, connected)
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: LOOPBACK, port, noDelay: true })
  await once(socket, 'connect')
  return socket
}

export function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain) return Promise.resolve()
  return new Promise((resolve) => {
    socket.once('drain', resolve)
  })
}
