import { createConnection, createServer, type Socket } from 'node:net'
import type { Silence } from '@commloop/testing/compliance'
import { BusyListener } from './busy-listener.js'
import { until } from './until.js'

/** More connections than fit into the queue of a busy listener. */
const CROWD = 8

/** A listener whose queue is full: the kernel leaves the next SYN unanswered. */
export const fullQueue: Silence = async ({ ip }) => {
  const busy = await BusyListener.start(ip)
  let open = 0
  const crowd = Array.from({ length: CROWD }, () =>
    createConnection(busy.at.port, ip, () => open++).on('error', () => undefined),
  )
  await until('backlog full', () => open >= 2)
  return {
    ...busy.at,
    async close() {
      for (const socket of crowd) socket.destroy()
      await busy.stop()
    },
  }
}

/** A server that accepts every connection and sends nothing, so that a handshake with it does not end. */
export const silentServer: Silence = async ({ ip }) => {
  const taken: Socket[] = []
  const server = createServer((socket) => {
    taken.push(socket.resume().on('error', () => undefined))
  })
  server.listen(0, ip)
  await until('dumb server listening', () => server.listening)
  const at = server.address()
  if (at === null || typeof at === 'string') throw new Error('no address')
  return {
    ip,
    port: at.port,
    close() {
      for (const socket of taken) socket.destroy()
      server.close()
    },
  }
}
