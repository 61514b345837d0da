import {
  Clock,
  createNode,
  FrameCodec,
  type Node,
  Random,
  type Route,
  type RoutedMessage,
  type SendOptions,
  type SendRouter,
  Transport,
  use,
  useRouter,
} from '@commloop/core'
import { HostileRouter } from './hostile-router.js'
import type { LinkWatch } from './link-watch.js'
import type { SentMessage } from './message-book.js'
import type { PayloadOfSize } from './message-stamp.js'
import { ProcessClock } from './process-clock.js'
import { ProcessOracle } from './process-oracle.js'
import { RequestWatch } from './request-watch.js'
import { type CopyTarget, routeTargets } from './route-targets.js'
import { SimulatedOpening } from './simulated-opening.js'
import type { NodePlan } from './swarm.js'
import { WatchedCodec } from './watched-codec.js'
import { WatchedRouter } from './watched-router.js'
import type { World } from './world.js'

/** The parts under test: the codec, and optionally a router instead of the simulator's own. */
export interface SimulatedParts {
  readonly codec: FrameCodec
  /**
   * For codecs that do not carry all bytes: a payload of exactly this size that the codec carries, within its limit;
   * undefined: it carries none of this size. The simulator replaces its last 24 bytes by hexadecimal digits. Default: the
   * codec carries any bytes of 12 bytes and more, and of 0 bytes.
   */
  readonly payload?: PayloadOfSize
  /** Creates the router of each node; default: one that misbehaves as the seed says. It must be deterministic. */
  readonly router?: (node: string, random: Random) => SendRouter
}

/** One life of a node, from its start until it stops or is killed. */
export class SimulatedProcess {
  readonly name: string
  readonly clock: ProcessClock
  readonly node: Node
  readonly #oracle: ProcessOracle
  readonly #world: World
  #alive = true
  /** Undefined: the nodes of this swarm make no requests. */
  readonly requests: RequestWatch | undefined
  /** Called for every request that the node receives as a message. */
  onRequest: (
    request: SentMessage,
    over: { readonly link: string; readonly epoch: number },
  ) => void = () => undefined
  /** Called in every event; it may call anything of the node. */
  onEvent: () => void = () => undefined

  constructor(
    plan: NodePlan,
    life: number,
    parts: SimulatedParts,
    world: World,
    makesRequests: boolean,
  ) {
    this.name = plan.name
    this.#world = world
    this.clock = new ProcessClock(world.clock)
    const random = world.random.fork(`${plan.name} life ${String(life)}`)
    const router =
      parts.router?.(plan.name, random.fork('router')) ??
      new HostileRouter(plan.name, plan.router, random.fork('router'), world)
    const watched = new WatchedRouter(router, plan.name, world, (message, route) => {
      this.#routed(message, route)
    })
    const opening =
      plan.opening &&
      new SimulatedOpening(plan.opening, plan.name, this.clock, world, random.fork('opening'))
    this.node = createNode(
      opening ? { ...plan.options, opening: { spec: 'simulated', value: opening } } : plan.options,
      use(Transport, world.network.host(plan.ip)),
      use(FrameCodec, new WatchedCodec(parts.codec, world, plan.name)),
      use(Clock, this.clock),
      use(Random, random),
      useRouter(watched),
    )
    this.requests = makesRequests ? new RequestWatch(plan.name, this.node, world) : undefined
    this.#oracle = new ProcessOracle(plan, this.node, this.clock, world, opening, this.requests)
    this.#oracle.listen(
      () => {
        this.check()
        if (this.#alive) this.onEvent()
      },
      (request, over) => {
        this.onRequest(request, over)
      },
    )
  }

  /** The links of the node, by id. */
  get watches(): ReadonlyMap<string, LinkWatch> {
    return this.#oracle.watches
  }

  watch(link: string): LinkWatch {
    return this.#oracle.watch(link)
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Checks the invariants of a process that is alive. */
  check(): void {
    if (this.#alive) this.#oracle.check()
  }

  /** Checks what must hold after the node has stopped gracefully. */
  checkStopped(): void {
    this.#oracle.checkStopped()
  }

  kill(): void {
    this.#alive = false
    this.clock.kill()
    this.#oracle.countMarkers()
  }

  // ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends, and records which links were given a copy. @returns false if `send` threw */
  send(message: SentMessage, options: SendOptions): boolean {
    const targets = options.to === undefined ? undefined : this.#targets(options.to)
    let open: boolean
    try {
      open = this.node.send(message.payload, options)
    } catch (error) {
      this.#refused(message, error)
      return false
    }
    this.#world.trace.note(this.name, 'send', message.number)
    this.#oracle.accepted(message)
    if (targets !== undefined) {
      this.#give(message, targets, true)
      const above = targets.filter(({ watch }) => watch.handle.aboveHighWaterMark)
      if (open !== (above.length === 0)) this.#violated(`send returned ${String(open)}`)
      for (const { watch } of above) watch.aboveMark()
    }
    return true
  }

  #refused(message: SentMessage, error: unknown): void {
    message.refused = true
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    this.#world.trace.note(this.name, `refused ${code}`, message.number)
    const { markers } = this.#world
    if (code === 'CML_ERR_OUTBOX_FULL') markers.seen('outbox full')
    else if (code === 'CML_ERR_LINK_DOWN') markers.seen('link down')
    else if (code === 'CML_ERR_ROUTING_FULL') markers.seen('routing full')
    else if (!code.startsWith('CML_ERR_')) this.#violated(`send threw ${code}`)
    this.check()
  }

  /** The router has answered; core gives the copies to these links next. */
  #routed(message: RoutedMessage, route: Route): void {
    const sent = this.#world.book.find(message.payload)
    if (sent === undefined) return
    if (typeof route === 'object' && 'drop' in route) return
    if (typeof route === 'object' && 'defer' in route) {
      this.#world.markers.seen('deferred')
      return
    }
    const own = message.from === undefined
    const targets = this.#targets(route)
    if (targets === undefined) return
    if (!own) this.#world.markers.seen('relayed')
    this.#give(sent, targets, own)
  }

  #give(message: SentMessage, targets: readonly CopyTarget[], own: boolean): void {
    if (own) message.copies = targets.length
    if (targets.length > 1) this.#world.markers.seen('several targets')
    for (const { watch, epoch } of targets) watch.given(message, epoch)
  }

  #targets(route: Parameters<typeof routeTargets>[0]): CopyTarget[] | undefined {
    return routeTargets(route, this.watches, this.#world.markers)
  }

  #violated(what: string): void {
    this.#world.violated(this.name, what)
  }
}
