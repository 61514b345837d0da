import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { getHeapSpaceStatistics } from 'node:v8'
import type { EntryOptions, Node, NodeOptions } from '@commloop/core'
import { newNode } from '../contenders/commloop.js'
import { dial, LOOPBACK } from '../contenders/sockets.js'
import { processCpuMs } from '../process/processor-time.js'

export const CROWD_ROLES = import.meta.url

/** How many connections are opened at once: more than the backlog of a listener would be dropped and tried again. */
const DIALS_AT_ONCE = 64
const POLL_MS = 10

export interface Memory {
  readonly residentBytes: number
  readonly heapBytes: number
}

/** What V8 begins with, and comes back to where nothing has happened for some twenty seconds. */
const YOUNG_BYTES_IDLE = 4 * 2 ** 20
const IDLE_MS_MAX = 60_000
/** Seldom, since what a look allocates counts as activity. */
const IDLE_POLL_MS = 1_000

function youngBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  return space?.space_size ?? 0
}

/** After a collection (the process needs `--expose-gc`), and when V8 has given back what it needed while connections came. */
async function idleMemory(): Promise<Memory> {
  for (let at = 0; at < 3; at++) globalThis.gc?.()
  const deadlineMs = performance.now() + IDLE_MS_MAX
  await until(
    () => youngBytes() <= YOUNG_BYTES_IDLE || performance.now() > deadlineMs,
    IDLE_POLL_MS,
  )
  const { rss, heapUsed, external } = process.memoryUsage()
  return { residentBytes: rss, heapBytes: heapUsed + external }
}

async function until(holds: () => boolean, pollMs = POLL_MS): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, pollMs))
}

/** How often raw sockets look whose heartbeat is due: one timer for all of them. */
const BEAT_MS = 10
const EMPTY_FRAME = new Uint8Array(2)

/** An empty frame on each socket every so often, one socket after another, so that they are spread over the time. */
function beat(sockets: readonly Socket[], everyMs: number): void {
  const startedMs = performance.now()
  let sent = 0
  setInterval(() => {
    const due = ((performance.now() - startedMs) / everyMs) * sockets.length
    for (; sent < due; sent++) sockets[sent % sockets.length]?.write(EMPTY_FRAME)
  }, BEAT_MS)
}

/** Holds accepted connections, as raw sockets that somebody listens to and no more. */
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

  /** As often as the heartbeat of a node would, and no more than that: no deadlines, no look at what comes. */
  beat(everyMs: number): void {
    beat(this.#sockets, everyMs)
  }

  cpuMs(): number {
    return processCpuMs()
  }
}

/** The same with a node: passive links, one for each connection, made when the node is. */
class PassiveCrowd {
  readonly #links: number
  readonly #node: Node
  #up = 0

  constructor(links: number, options: Omit<NodeOptions, 'links'>, port = 0) {
    this.#links = links
    this.#node = newNode({
      ...options,
      listen: { host: LOOPBACK, port },
      links: [{ id: 'peer', role: 'passive', ip: LOOPBACK, slots: links }],
    })
    this.#node.on('link', ({ state }) => {
      if (state === 'up') this.#up++
      else if (state === 'awaiting') this.#up--
    })
  }

  async listen(): Promise<number> {
    // Each link begins by awaiting, which is no loss.
    await this.#node.start()
    this.#up = 0
    return this.#node.listening?.port ?? 0
  }

  full(links: number): Promise<void> {
    return until(() => this.#up === Math.min(links, this.#links))
  }

  /** Sends one message over each link that is up here, which may be later than at the other end. */
  greet(): void {
    this.#node.send(Uint8Array.of(1), { to: this.#links === 1 ? 'peer' : 'peer/*' })
  }

  idleMemory(): Promise<Memory> {
    return idleMemory()
  }

  cpuMs(): number {
    return processCpuMs()
  }
}

/** Dials and holds raw connections. */
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

/** What an active crowd has seen since it was asked last. */
export interface Dialling {
  readonly up: number
  readonly dials: number
  /** Dials under way at once, at most. */
  readonly dialsAtOnce: number
  readonly exhausted: number
}

/** A node with so many active links to one peer. */
class ActiveCrowd {
  readonly #node: Node
  #up = 0
  #dials = 0
  #dialing = 0
  #dialsAtOnce = 0
  #exhausted = 0
  readonly #greeted = new Set<string>()

  constructor(port: number, links: number, options: Omit<NodeOptions, 'links'>) {
    const entries: EntryOptions[] = Array.from({ length: links }, (_, at) => ({
      id: `peer-${String(at)}`,
      role: 'active',
      ip: LOOPBACK,
      port,
    }))
    const states = new Map<string, string>()
    this.#node = newNode({ ...options, links: entries })
    this.#node.on('message', ({ link }) => {
      this.#greeted.add(link)
    })
    this.#node.on('link', ({ link, state }) => {
      const before = states.get(link)
      states.set(link, state)
      if (before === 'up') this.#up--
      if (before === 'dialing') this.#dialing--
      if (state === 'up') this.#up++
      if (state === 'exhausted') this.#exhausted++
      if (state !== 'dialing') return
      this.#dials++
      this.#dialing++
      this.#dialsAtOnce = Math.max(this.#dialsAtOnce, this.#dialing)
    })
  }

  async start(): Promise<void> {
    await this.#node.start()
  }

  up(links: number): Promise<void> {
    return until(() => this.#up === links)
  }

  /** Resolves when a message has come over so many links. */
  greeted(links: number): Promise<void> {
    return until(() => this.#greeted.size === links)
  }

  dialling(): Dialling {
    const seen = {
      up: this.#up,
      dials: this.#dials,
      dialsAtOnce: this.#dialsAtOnce,
      exhausted: this.#exhausted,
    }
    this.#dials = this.#dialsAtOnce = 0
    return seen
  }

  cpuMs(): number {
    return processCpuMs()
  }
}

export type { ActiveCrowd, Callers, PassiveCrowd, SocketCrowd }

export function socketCrowd(): Promise<SocketCrowd> {
  return Promise.resolve(new SocketCrowd())
}

export function passiveCrowd(
  links: number,
  options: Omit<NodeOptions, 'links'>,
  port = 0,
): Promise<PassiveCrowd> {
  return Promise.resolve(new PassiveCrowd(links, options, port))
}

export function callers(): Promise<Callers> {
  return Promise.resolve(new Callers())
}

export async function activeCrowd(
  port: number,
  links: number,
  options: Omit<NodeOptions, 'links'>,
): Promise<ActiveCrowd> {
  const crowd = new ActiveCrowd(port, links, options)
  await crowd.start()
  return crowd
}
