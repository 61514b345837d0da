import type { RouteTarget, SendOptions } from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { LinkWatch } from './link-watch.js'
import type { SentMessage } from './message-book.js'
import type { SimulatedHost } from './simulated-host.js'
import type { SimulatedProcess } from './simulated-process.js'
import type { RequestPlan, Swarm, TrafficPlan } from './swarm.js'
import type { World } from './world.js'

const LARGE_BYTES_MIN = 16 * 1024
const LARGE_BYTES_MAX = 39_000
const TTL_MS_MAX = 3_000

/** Sends messages: to one link, to several, to all links of an entry, over one epoch, or wherever the router decides. */
export class Traffic {
  readonly #world: World
  readonly #plan: TrafficPlan
  readonly #hosts: readonly SimulatedHost[]
  readonly #random: SeededRandom
  readonly #requests: RequestPlan | undefined
  /** Its own generator, so that older seeds draw what they always drew. */
  readonly #asking: SeededRandom
  #serial = 0

  constructor(
    world: World,
    { traffic, requests }: Pick<Swarm, 'traffic' | 'requests'>,
    hosts: readonly SimulatedHost[],
    random: SeededRandom,
  ) {
    this.#world = world
    this.#plan = traffic
    this.#requests = requests
    this.#hosts = hosts
    this.#random = random
    this.#asking = random.fork('requests')
  }

  /** Sends a few messages from one node. */
  burst(host: SimulatedHost): void {
    const messages = 1 + this.#random.int(this.#plan.burst)
    for (let left = messages; left > 0; left--) {
      if (host.process === undefined) return
      this.#send(host.process)
    }
    const requests = this.#requests
    if (requests === undefined || !this.#asking.chance(requests.withBurst)) return
    for (let left = 1 + this.#asking.int(requests.burst); left > 0; left--) {
      if (host.process !== undefined) this.#ask(host.process, requests)
    }
  }

  // ── requests ────────────────────────────────────────────────────────────────────────────────────────────────

  #ask(process: SimulatedProcess, plan: RequestPlan): void {
    const random = this.#asking
    const watches = [...process.watches.values()]
    if (watches.length === 0) return
    const watch = random.pick(watches)
    const timeoutMs = random.between(1, plan.timeoutMsMax)
    const message = this.#added(process, this.#atTheOtherEnd(watch), {
      poisoned: random.chance(this.#plan.poisoned),
      isRequest: true,
    })
    process.requests?.ask(message, watch, {
      timeoutMs,
      keyed: random.chance(plan.keyed),
      abortAfterMs: random.chance(plan.aborted) ? random.between(0, timeoutMs) : undefined,
    })
  }

  /** A node has received a request. It answers at once, later, never or twice. */
  answer(
    process: SimulatedProcess,
    request: SentMessage,
    over: { readonly link: string; readonly epoch: number },
  ): void {
    const plan = this.#requests
    const random = this.#asking
    if (plan === undefined || random.chance(plan.never)) return
    const to = random.chance(plan.overAnyConnection)
      ? over.link
      : { link: over.link, epoch: over.epoch }
    for (let answers = random.chance(plan.doubled) ? 2 : 1; answers > 0; answers--) {
      const act = (): void => {
        if (!process.alive) return
        const answer = this.#added(process, request.origin, { answerTo: request.number })
        process.send(answer, { to })
      }
      if (this.#world.calm || !random.chance(plan.delayed)) act()
      else {
        this.#world.clock.after(random.between(0, 2 * plan.timeoutMsMax), () => {
          if (!this.#world.calm) act()
        })
      }
    }
  }

  #added(
    process: SimulatedProcess,
    destination: string,
    facts: Partial<Pick<SentMessage, 'answerTo' | 'isRequest' | 'poisoned'>>,
  ): SentMessage {
    const sender = this.#hosts.findIndex(({ plan }) => plan.name === process.name)
    const stamp = { sender, link: 0, serial: this.#serial++ }
    return this.#world.book.add(stamp, this.#world.book.bytesMin + this.#asking.int(60), {
      origin: process.name,
      destination,
      id: undefined,
      expiresAtMs: Number.POSITIVE_INFINITY,
      poisoned: false,
      ...facts,
    })
  }

  // ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

  #send(process: SimulatedProcess): void {
    const watches = [...process.watches.values()]
    if (watches.length === 0) return
    if (this.#random.chance(this.#plan.routed)) {
      this.#message(process, this.#random.pick(this.#hosts).plan.name, 0, {})
      return
    }
    const at = this.#random.int(watches.length)
    const watch = watches[at]
    if (watch === undefined) return
    this.#message(process, this.#atTheOtherEnd(watch), at, { to: this.#to(watch, watches) })
  }

  /** Sends one small message directly to a link that is up. @returns whether it was accepted */
  prove(process: SimulatedProcess, watch: LinkWatch): boolean {
    const destination = this.#atTheOtherEnd(watch)
    return this.#message(process, destination, 0, { to: watch.handle.id }, 0)
  }

  #to(watch: LinkWatch, watches: readonly LinkWatch[]): RouteTarget | readonly RouteTarget[] {
    const { id, entry, epoch } = watch.handle
    const kind = this.#random.next()
    if (kind < 0.1) return { link: id, epoch: Math.max(1, epoch) }
    if (kind < 0.15) return [id, this.#random.pick(watches).handle.id]
    return kind < 0.2 ? `${entry}/*` : id
  }

  #message(
    process: SimulatedProcess,
    destination: string,
    link: number,
    to: Pick<SendOptions, 'to'>,
    bytes = this.#bytes(),
  ): boolean {
    const random = this.#random
    const { book, calm, clock } = this.#world
    const ttlMs =
      random.chance(this.#plan.withTtl) && !calm ? random.between(1, TTL_MS_MAX) : undefined
    const id = random.chance(this.#plan.withId) ? String(book.size) : undefined
    const sender = this.#hosts.findIndex(({ plan }) => plan.name === process.name)
    const message = book.add({ sender, link, serial: this.#serial++ }, bytes, {
      origin: process.name,
      destination,
      id,
      expiresAtMs: ttlMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttlMs,
      poisoned: random.chance(this.#plan.poisoned) && !calm,
    })
    return process.send(message, {
      ...to,
      ...(id === undefined ? {} : { id }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    })
  }

  #bytes(): number {
    if (this.#random.chance(this.#plan.large)) {
      return Math.floor(this.#random.between(LARGE_BYTES_MIN, LARGE_BYTES_MAX))
    }
    return this.#world.book.bytesMin + this.#random.int(this.#plan.smallBytesMax)
  }

  #atTheOtherEnd({ entry, handle }: LinkWatch): string {
    const ips = entry.role === 'active' ? entry.hosts : [handle.remote?.ip ?? entry.pattern.text]
    return this.#hosts.find(({ plan }) => ips.includes(plan.ip))?.plan.name ?? 'unknown'
  }
}
