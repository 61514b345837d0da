import { createServer } from 'node:net'

/** Below the ports that Linux uses for outgoing connections, so that no dial of another test takes the port. */
const PORT_MIN = 10_240
const PORT_MAX = 32_767
const TRIES = 50

/** A port without a listener at any address, for tables that must contain the port before the node listens. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN))
    if (await isFree(port)) return port
  }
  throw new Error(`no free port found in ${String(TRIES)} tries`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}
