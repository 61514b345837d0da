import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { dial, LOOPBACK } from '../contenders/sockets.js'
import { idleMemory, type Memory } from '../process/idle-memory.js'
import { processCpuMs } from '../process/processor-time.js'
import { until } from '../process/until.js'

export const SOCKET_CROWDS = import.meta.url

/** How many connections are opened at once: the backlog of a listener drops more, and they are tried again. */
const DIALS_AT_ONCE = 64
/** How often raw sockets check whose heartbeat is due: one timer for all of them. */
const BEAT_MS = 10
const EMPTY_FRAME = new Uint8Array(2)

/** Writes an empty frame to each socket in each interval, one socket after another, spread over the interval. */
function beat(sockets: readonly Socket[], everyMs: number): void {
  const startedMs = performance.now()
  let sent = 0
  setInterval(() => {
    const due = ((performance.now() - startedMs) / everyMs) * sockets.length
    for (; sent < due; sent++) sockets[sent % sockets.length]?.write(EMPTY_FRAME)
  }, BEAT_MS)
}

/** Accepts raw connections and holds them: a listener for data and one for errors, and nothing else. */
class SocketCrowd {
  readonly #sockets: Socket[] = []
  #port = 0

  async listen(): Promise<number> {
    const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
      this.#sockets.push(socket)
      socket.on('data', () => undefined)
      socket.on('error', () => undefined)
    })
    server.listen({ host: LOOPBACK, port: 0, backlog: 4096 })
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    return this.#port
  }

  full(links: number): Promise<void> {
    return until(() => this.#sockets.length === links)
  }

  idleMemory(): Promise<Memory> {
    return idleMemory()
  }

  /** Writes as often as the heartbeat of a node, without deadlines and without looking at received data. */
  beat(everyMs: number): void {
    beat(this.#sockets, everyMs)
  }

  cpuMs(): number {
    return processCpuMs()
  }
}

/** Dials raw connections and holds them. */
class Callers {
  readonly #sockets: Socket[] = []

  async call(port: number, links: number): Promise<void> {
    for (let left = links; left > 0; left -= DIALS_AT_ONCE) {
      const some = Array.from({ length: Math.min(left, DIALS_AT_ONCE) }, () => dial(port))
      this.#sockets.push(...(await Promise.all(some)))
    }
    for (const socket of this.#sockets) {
      socket.resume()
      socket.on('error', () => undefined)
    }
  }

  beat(everyMs: number): void {
    beat(this.#sockets, everyMs)
  }

  cpuMs(): number {
    return processCpuMs()
  }
}

export type { Callers, SocketCrowd }

export function socketCrowd(): Promise<SocketCrowd> {
  return Promise.resolve(new SocketCrowd())
}

export function callers(): Promise<Callers> {
  return Promise.resolve(new Callers())
}
