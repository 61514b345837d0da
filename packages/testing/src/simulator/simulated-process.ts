import {
  Clock,
  createNode,
  FrameCodec,
  type LinkChange,
  type Node,
  type OutcomeEvent,
  Random,
  type ReceivedMessage,
  type Route,
  type RoutedMessage,
  type RouteTarget,
  type SendOptions,
  type SendRouter,
  Transport,
  use,
  useRouter,
} from '@commloop/core'
import type { MemoryConnection } from '../network/index.js'
import { HostileRouter } from './hostile-router.js'
import { LinkWatch } from './link-watch.js'
import type { Marker } from './marker.js'
import type { SentMessage } from './message-book.js'
import { countOutcome } from './outcome-marker.js'
import { ProcessClock } from './process-clock.js'
import type { NodePlan } from './swarm.js'
import { WatchedCodec } from './watched-codec.js'
import { WatchedRouter } from './watched-router.js'
import type { World } from './world.js'

/** What is tried: the codec, and what a user may put in place of the bench's own parts. */
export interface SimulatedParts {
  readonly codec: FrameCodec
  /** In place of a router with bad habits: for each node one. It must be deterministic. */
  readonly router?: (node: string, random: Random) => SendRouter
}

/** One life of a node, from its start to its stop or its sudden end, and the eyes on it. */
export class SimulatedProcess {
  readonly name: string
  readonly clock: ProcessClock
  readonly node: Node
  readonly watches: ReadonlyMap<string, LinkWatch>
  readonly #plan: NodePlan
  readonly #world: World
  /** Accepted with an id, so that each copy's outcome is told. */
  readonly #told: SentMessage[] = []
  #alive = true
  /** Called in every event, where a listener may do anything to its node. */
  onEvent: () => void = () => undefined

  constructor(plan: NodePlan, life: number, parts: SimulatedParts, world: World) {
    this.name = plan.name
    this.#plan = plan
    this.#world = world
    this.clock = new ProcessClock(world.clock)
    const random = world.random.fork(`${plan.name} life ${String(life)}`)
    const router =
      parts.router?.(plan.name, random.fork('router')) ??
      new HostileRouter(plan.name, plan.router, random.fork('router'), world)
    const watched = new WatchedRouter(router, plan.name, world, (message, route) => {
      this.#routed(message, route)
    })
    this.node = createNode(
      plan.options,
      use(Transport, world.network.host(plan.ip)),
      use(FrameCodec, new WatchedCodec(parts.codec, world, plan.name)),
      use(Clock, this.clock),
      use(Random, random),
      useRouter(watched),
    )
    this.watches = this.#watched()
    this.#listen()
  }

  #watched(): Map<string, LinkWatch> {
    const watches = new Map<string, LinkWatch>()
    for (const entry of this.node.config.entries) {
      for (const id of entry.linkIds) {
        watches.set(id, new LinkWatch(this.node.link(id), entry, this.name, this.#world))
      }
    }
    for (const watch of watches.values()) {
      // A relay holds its sources while one of its targets is full.
      watch.heldRightly = () =>
        [...watches.values()].some(({ handle }) => handle.aboveHighWaterMark)
    }
    return watches
  }

  // ── what the node tells ─────────────────────────────────────────────────────────────────────────────────────

  #listen(): void {
    const { markers } = this.#world
    this.node
      .on('link', (change) => {
        this.#changed(change)
      })
      .on('message', (message) => {
        this.#received(message)
      })
      .on('outcome', (outcome) => {
        this.#ended(outcome)
      })
      .on('drain', ({ link }) => {
        if (link === '*') markers.seen('drain of the routing stage')
        else this.watch(link).drained()
        this.#happened()
      })
      .on('rejected', ({ remote, reason, count }) => {
        this.#rejected(remote, reason, count)
      })
      .on('audit', ({ findings }) => {
        if (findings.some(({ kind }) => kind === 'absent')) markers.seen('absence found')
      })
      .on('warning', ({ code, cause }) => {
        this.#warned(code, cause)
      })
  }

  #changed(change: LinkChange): void {
    const connection = change.state === 'up' ? this.#connectionOf(change) : undefined
    this.watch(change.link).changed(change, connection)
    if (change.state === 'up') this.#checkPlace(change)
    this.#happened()
  }

  /** Who is listed by its own address is never let into a slot of a range or of anyone. */
  #checkPlace({ link, remote }: LinkChange): void {
    const { entry } = this.watch(link)
    if (entry.role === 'active' || entry.pattern.kind === 'exact') return
    const exact = [...this.watches.values()].some(
      (watch) => watch.entry.role === 'passive' && watch.entry.pattern.text === remote?.ip,
    )
    if (exact) this.#violated(`${link} was given to ${remote?.ip ?? ''}, which has its own entry`)
  }

  /** What fills a link: found in the network, because core does not tell. */
  #connectionOf({ link, remote }: LinkChange): MemoryConnection | undefined {
    const { network } = this.#world
    if (this.watch(link).entry.role === 'active') return network.connectionOf(this.#plan.ip, link)
    for (const connection of network.connections) {
      const { local, remote: far } = connection.peer
      const same = far.ip === remote?.ip && far.port === remote.port
      if (same && local.ip === this.#plan.ip && !connection.closed) return connection
    }
    return undefined
  }

  #received({ payload, link, epoch }: ReceivedMessage): void {
    const watch = this.watch(link)
    watch.received(epoch)
    const { connection } = watch
    const sender = connection === undefined ? undefined : this.#world.ends.get(connection.far)
    const message = this.#world.book.find(payload)
    if (sender !== undefined) {
      if (message === undefined) this.#violated(`${link} delivered what nobody sent`)
      else if (message.refused) this.#violated(`${link} delivered a message that was refused`)
      else sender.watch.arrived(message, sender.epoch, watch)
      this.#world.trace.note(watch.where, 'message', message?.number ?? -1)
    }
    this.#happened()
  }

  #ended({ outcome, reason = '', link, id, count }: OutcomeEvent): void {
    countOutcome(this.#world.markers, outcome, reason, link)
    this.#world.trace.note(this.name, `${outcome} ${link ?? ''}`, count)
    if (id !== undefined) {
      const message = this.#world.book.messages[Number(id)]
      if (message === undefined) this.#violated(`outcome of "${id}", which was never sent`)
      else if (link === undefined) message.outcomesOfMessage++
      else message.outcomesOfCopies++
      if (message?.refused === true) this.#violated(`outcome of "${id}", which was refused`)
    }
    this.#happened()
  }

  #rejected(remote: string, reason: string, count: number): void {
    const { markers, clock, network } = this.#world
    this.#world.trace.note(this.name, `rejected ${reason}`, count)
    const marker = REJECTIONS.get(reason)
    if (marker !== undefined) markers.seen(marker, count)
    if (reason !== 'full') return
    // A newcomer that was held while the incumbent showed that it lives has been there for a while.
    for (const { peer, openedMs } of network.connections) {
      const same = `${peer.remote.ip}:${String(peer.remote.port)}` === remote
      if (same && clock.now() - openedMs >= CHALLENGE_MS_MIN) markers.seen('challenged in vain')
    }
  }

  #warned(code: string, cause: unknown): void {
    this.#world.trace.note(this.name, `warning ${code}`)
    if (code === 'LISTENER_THREW') {
      this.#world.markers.seen('listener threw')
      const text = cause instanceof Error ? cause.message : String(cause)
      if (!text.startsWith('simulated')) this.#violated(`a listener threw: ${text}`)
    }
  }

  #happened(): void {
    this.check()
    if (this.#alive) this.onEvent()
  }

  // ── what is asked of it ─────────────────────────────────────────────────────────────────────────────────────

  /** Sends, and notes which links were given a copy. @returns false where `send` threw. */
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
    if (message.id !== undefined) this.#told.push(message)
    if (targets !== undefined) {
      this.#give(message, targets, true)
      const above = targets.filter(({ watch }) => watch.handle.aboveHighWaterMark)
      if (open !== (above.length === 0)) this.#violated(`send answered ${String(open)}`)
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

  /** The router has answered: these copies follow. */
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

  #give(message: SentMessage, targets: readonly Target[], own: boolean): void {
    if (own) message.copies = targets.length
    if (targets.length > 1) this.#world.markers.seen('several targets')
    for (const { watch, epoch } of targets) watch.given(message, epoch)
  }

  /** The links that a route names, each once; undefined: one of them is unknown, so there will be no copy. */
  #targets(route: RouteTarget | readonly RouteTarget[]): Target[] | undefined {
    const targets = new Map<LinkWatch, number>()
    for (const target of isList(route) ? route : [route]) {
      const found = this.#watchesOf(target)
      if (found === undefined) return undefined
      for (const { watch, epoch } of found) if (!targets.has(watch)) targets.set(watch, epoch)
    }
    return [...targets].map(([watch, epoch]) => ({ watch, epoch }))
  }

  #watchesOf(target: RouteTarget): Target[] | undefined {
    const ref = typeof target === 'object' ? target.link : target
    const epoch = typeof target === 'object' ? target.epoch : 0
    if (typeof ref === 'string' && ref.endsWith('/*')) {
      this.#world.markers.seen('every link of an entry')
      const links = [...this.watches.values()].filter(({ entry }) => entry.id === ref.slice(0, -2))
      const up = links.filter(({ handle }) => handle.state === 'up')
      return up.length === 0 ? undefined : up.map((watch) => ({ watch, epoch: 0 }))
    }
    const watch = this.watches.get(String(ref))
    return watch === undefined ? undefined : [{ watch, epoch }]
  }

  watch(link: string): LinkWatch {
    const watch = this.watches.get(link)
    if (watch === undefined) throw new Error(`simulation: ${this.name} has no link ${link}`)
    return watch
  }

  // ── what holds ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Both ledgers, and every bound. */
  check(): void {
    if (!this.#alive) return
    const { accepted, routing, routed, dropped, undeliverable, expired, copies } =
      this.node.counters
    const ends = routing + routed + dropped + undeliverable + expired
    if (accepted !== ends) {
      this.#violated(`ledger: ${String(accepted)} accepted, ${String(ends)} accounted for`)
    }
    let enqueued = 0
    for (const watch of this.watches.values()) {
      const { counters } = watch.handle
      watch.check(counters)
      enqueued += counters.enqueued
    }
    if (enqueued !== copies) {
      this.#violated(`ledger: ${String(copies)} copies, ${String(enqueued)} enqueued`)
    }
  }

  /** It has come to its end, by itself. */
  checkStopped(): void {
    this.check()
    if (this.clock.pendingTimers > 0) {
      this.#violated(`${String(this.clock.pendingTimers)} timers left after stop`)
    }
    for (const watch of this.watches.values()) {
      if (watch.handle.queuedMessages > 0) this.#violated('copies left after stop')
    }
    if (this.node.counters.routing > 0) this.#violated('messages left in routing after stop')
    for (const message of this.#told) this.#checkOutcomes(message)
  }

  /** Of a message that reached its links each copy has one outcome, of any other the message itself. */
  #checkOutcomes({ number, copies, outcomesOfCopies, outcomesOfMessage }: SentMessage): void {
    const ofCopies = outcomesOfMessage === 0 && outcomesOfCopies === copies && copies > 0
    const ofMessage = outcomesOfMessage === 1 && outcomesOfCopies === 0
    if (ofCopies || ofMessage) return
    const told = `${String(outcomesOfMessage)} outcomes and ${String(outcomesOfCopies)} of copies`
    this.#violated(`message ${String(number)} with ${String(copies)} copies had ${told}`)
  }

  /** What only the counters know. */
  countMarkers(): void {
    const { markers } = this.#world
    for (const { handle } of this.watches.values()) {
      const { counters } = handle
      markers.seen('resent', counters.resent)
      markers.seen('fenced', counters.fenced)
      markers.seen('discarded', counters.discarded)
      if (counters.heartbeatsReceived > 0) markers.seen('heartbeat answered')
    }
    markers.seen('router answered too late', this.node.counters.lateAnswers)
  }

  kill(): void {
    this.#alive = false
    this.clock.kill()
    this.countMarkers()
  }

  get alive(): boolean {
    return this.#alive
  }

  #violated(what: string): void {
    this.#world.violated(this.name, what)
  }
}

/** No challenge is decided sooner, unless one of its two ends. */
const CHALLENGE_MS_MIN = 1_200

const REJECTIONS: ReadonlyMap<string, Marker> = new Map<string, Marker>([
  ['hold-down', 'hold-down'],
  ['full', 'full'],
  ['address unknown', 'address unknown'],
  ['only in active entries', 'only in active entries'],
  ['not in the table', 'stranger'],
])

interface Target {
  readonly watch: LinkWatch
  readonly epoch: number
}

function isList(route: unknown): route is readonly RouteTarget[] {
  return Array.isArray(route)
}
