import type { EntryOptions, Node, NodeOptions } from '@commloop/core'
import { newNode } from '../contenders/commloop.js'
import { LOOPBACK } from '../contenders/sockets.js'
import { idleMemory, type Memory } from '../process/idle-memory.js'
import { processCpuMs } from '../process/processor-time.js'
import { until } from '../process/until.js'

export const NODE_CROWDS = import.meta.url

/** A node with passive links, one for each connection. The links exist as soon as the node does. */
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
    // Each link starts in `awaiting`, which is not a loss.
    await this.#node.start()
    this.#up = 0
    return this.#node.listening?.port ?? 0
  }

  full(links: number): Promise<void> {
    return until(() => this.#up === Math.min(links, this.#links))
  }

  /** Sends one message over each link that is up here; the other end may have been up earlier. */
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

/** What an active crowd has counted since the last call. */
export interface Dialling {
  readonly up: number
  readonly dials: number
  /** The largest number of concurrent dials. */
  readonly dialsAtOnce: number
  readonly exhausted: number
}

/** A node with many active links to one peer. */
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

  /** Resolves when a message has arrived on this many links. */
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

export type { ActiveCrowd, PassiveCrowd }

export function passiveCrowd(
  links: number,
  options: Omit<NodeOptions, 'links'>,
  port = 0,
): Promise<PassiveCrowd> {
  return Promise.resolve(new PassiveCrowd(links, options, port))
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
