import type { LinkChange, LinkCounters, Node, OutcomeEvent, ReceivedMessage } from '@commloop/core'
import type { MemoryConnection } from '../network/index.js'
import { LinkWatch } from './link-watch.js'
import type { Marker } from './marker.js'
import type { SentMessage } from './message-book.js'
import { countOutcome } from './outcome-marker.js'
import type { ProcessClock } from './process-clock.js'
import type { SimulatedOpening } from './simulated-opening.js'
import type { RequestWatch } from './request-watch.js'
import type { NodePlan } from './swarm.js'
import type { World } from './world.js'

/** Compares the reports and counters of one node with the facts of the simulation, and records them. */
export class ProcessOracle {
  readonly watches: ReadonlyMap<string, LinkWatch>
  readonly #name: string
  readonly #ip: string
  readonly #node: Node
  readonly #clock: ProcessClock
  readonly #opening: SimulatedOpening | undefined
  readonly #world: World
  /** Accepted messages with an id: the node reports the outcome of each of their copies. */
  readonly #identified: SentMessage[] = []

  readonly #requests: RequestWatch | undefined

  constructor(
    plan: NodePlan,
    node: Node,
    clock: ProcessClock,
    world: World,
    opening: SimulatedOpening | undefined,
    requests: RequestWatch | undefined,
  ) {
    this.#opening = opening
    this.#requests = requests
    this.#name = plan.name
    this.#ip = plan.ip
    this.#node = node
    this.#clock = clock
    this.#world = world
    this.watches = this.#watched()
  }

  #watched(): Map<string, LinkWatch> {
    const watches = new Map<string, LinkWatch>()
    for (const entry of this.#node.config.entries) {
      for (const id of entry.linkIds) {
        watches.set(id, new LinkWatch(this.#node.link(id), entry, this.#name, this.#world))
      }
    }
    for (const watch of watches.values()) {
      // A relay stops reading from its sources while one of its targets is full.
      watch.heldRightly = () =>
        [...watches.values()].some(({ handle }) => handle.aboveHighWaterMark)
    }
    return watches
  }

  watch(link: string): LinkWatch {
    const watch = this.watches.get(link)
    if (watch === undefined) throw new Error(`simulation: ${this.#name} has no link ${link}`)
    return watch
  }

  // ── events of the node ──────────────────────────────────────────────────────────────────────────────────────

  /**
   * Listens to the node. `happened` is called after most events have been checked and recorded, `asked` for each message
   * that is a request.
   */
  listen(
    happened: () => void,
    asked: (request: SentMessage, over: { readonly link: string; readonly epoch: number }) => void,
  ): void {
    const { markers } = this.#world
    const requests = this.#requests
    // An answer is not a `message`, so a node that makes requests is watched by `traffic`.
    if (requests !== undefined) {
      this.#node.on('traffic', (message) => {
        if (message.direction === 'sent') return
        this.#received(message)
        requests.arrives(message)
      })
    }
    this.#node
      .on('link', (change) => {
        this.#changed(change)
        requests?.changed(change)
        happened()
      })
      .on('message', (message) => {
        if (requests === undefined) this.#received(message)
        const sent = this.#world.book.find(message.payload)
        if (sent?.isRequest === true) asked(sent, message)
        happened()
      })
      .on('outcome', (outcome) => {
        this.#ended(outcome)
        happened()
      })
      .on('drain', ({ link }) => {
        if (link === '*') markers.seen('drain of the routing stage')
        else this.watch(link).drained()
        happened()
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
    if (change.state !== 'up') return
    this.#checkSlot(change)
    if (this.#opening?.isOpen(change.link) === false) {
      this.#violated(`${change.link} went up before its opening was over`)
    }
  }

  /** A peer that is listed by its address never takes a slot of a range or of an entry for any address. */
  #checkSlot({ link, remote }: LinkChange): void {
    const { entry } = this.watch(link)
    if (entry.role === 'active' || entry.pattern.kind === 'exact') return
    const exact = [...this.watches.values()].some(
      (watch) => watch.entry.role === 'passive' && watch.entry.pattern.text === remote?.ip,
    )
    if (exact) this.#violated(`gave ${link} to ${remote?.ip ?? ''}, which has its own entry`)
  }

  /** The connection that fills a link. The events of core do not name it, so the network is searched for it. */
  #connectionOf({ link, remote }: LinkChange): MemoryConnection | undefined {
    const { network } = this.#world
    if (this.watch(link).entry.role === 'active') return network.connectionOf(this.#ip, link)
    for (const connection of network.connections) {
      const { local, remote: far } = connection.peer
      const same = far.ip === remote?.ip && far.port === remote.port
      if (same && local.ip === this.#ip && !connection.closed) return connection
    }
    return undefined
  }

  #received({ payload, link, epoch }: ReceivedMessage): void {
    const watch = this.watch(link)
    const { connection, order } = watch.received(epoch)
    const sender = connection === undefined ? undefined : this.#world.ends.get(connection.far)
    const message = this.#world.book.find(payload)
    if (sender === undefined) {
      if (message !== undefined) this.#violated(`${link} got a message of a link that was never up`)
      return
    }
    if (message === undefined) this.#violated(`${link} delivered a payload that no node sent`)
    else if (message.refused) this.#violated(`${link} delivered a message that was refused`)
    else sender.watch.arrived(message, sender.epoch, order)
    this.#world.trace.note(watch.where, 'message', message?.number ?? -1)
  }

  #ended({ outcome, reason = '', link, id, count }: OutcomeEvent): void {
    countOutcome(this.#world.markers, outcome, reason, link)
    this.#world.trace.note(this.#name, `${outcome} ${link ?? ''}`, count)
    if (id === undefined) return
    const message = this.#world.book.messages[Number(id)]
    if (message === undefined)
      this.#violated(`reported an outcome of "${id}", which was never sent`)
    else if (link === undefined) message.outcomesOfMessage++
    else message.outcomesOfCopies++
    if (message?.refused === true) {
      this.#violated(`reported an outcome of "${id}", which was refused`)
    }
  }

  #rejected(remote: string, reason: string, count: number): void {
    const { markers, clock, network } = this.#world
    this.#world.trace.note(this.#name, `rejected ${reason}`, count)
    const marker = REJECTIONS.get(reason)
    if (marker !== undefined) markers.seen(marker, count)
    if (reason !== 'full') return
    // A newcomer was held for this long only if the incumbent was challenged and showed that it is alive.
    for (const { peer, openedMs } of network.connections) {
      const same = `${peer.remote.ip}:${String(peer.remote.port)}` === remote
      if (same && clock.now() - openedMs >= CHALLENGE_MS_MIN) markers.seen('challenged in vain')
    }
  }

  #warned(code: string, cause: unknown): void {
    this.#world.trace.note(this.#name, `warning ${code}`)
    if (code !== 'LISTENER_THREW') return
    this.#world.markers.seen('listener threw')
    const text = cause instanceof Error ? cause.message : String(cause)
    if (!text.startsWith('simulated')) this.#violated(`a listener threw: ${text}`)
  }

  // ── invariants ──────────────────────────────────────────────────────────────────────────────────────────────

  /** The node has accepted this message. */
  accepted(message: SentMessage): void {
    if (message.id !== undefined) this.#identified.push(message)
  }

  /**
   * Checks both ledgers and the bounds of every link. The equations are written out here, and not taken from core:
   * this is the oracle that core is checked against.
   */
  check(): void {
    const { accepted, routing, routed, dropped, undeliverable, expired, copies } =
      this.#node.counters
    const ends = routing + routed + dropped + undeliverable + expired
    if (accepted !== ends) {
      this.#violated(`ledger: ${String(accepted)} messages accepted, ${String(ends)} accounted for`)
    }
    let enqueued = 0
    for (const watch of this.watches.values()) {
      const { counters } = watch.handle
      watch.check(counters)
      this.#checkOpening(watch.handle.id, counters)
      enqueued += counters.enqueued
    }
    if (enqueued !== copies) {
      this.#violated(`ledger: ${String(copies)} copies, ${String(enqueued)} enqueued`)
    }
    this.#requests?.check()
  }

  #checkOpening(link: string, { openingReceived, openingSent }: LinkCounters): void {
    const { taken, sent } = this.#opening ?? NO_OPENING
    const [took, said] = [taken.get(link) ?? 0, sent.get(link) ?? 0]
    if (openingReceived === took && openingSent <= said) return
    this.#violated(
      `${link} counted ${String(openingReceived)} payloads for the opening, which took ${String(took)}, and ` +
        `${String(openingSent)} payloads of it, which has sent ${String(said)}`,
    )
  }

  /** Checks a node that has stopped gracefully. */
  checkStopped(): void {
    this.check()
    if (this.#clock.pendingTimers > 0) {
      this.#violated(`${String(this.#clock.pendingTimers)} timers left after stop`)
    }
    for (const watch of this.watches.values()) {
      if (watch.handle.queuedMessages > 0) this.#violated('copies left after stop')
    }
    if (this.#node.counters.routing > 0) this.#violated('messages left in routing after stop')
    for (const message of this.#identified) this.#checkOutcomes(message)
    this.#requests?.stopped()
  }

  /** Each copy of a routed message has one outcome; a message without a route has one itself. */
  #checkOutcomes({ number, copies, outcomesOfCopies, outcomesOfMessage }: SentMessage): void {
    const ofCopies = outcomesOfMessage === 0 && outcomesOfCopies === copies && copies > 0
    const ofMessage = outcomesOfMessage === 1 && outcomesOfCopies === 0
    if (ofCopies || ofMessage) return
    this.#violated(
      `message ${String(number)} with ${String(copies)} copies had ` +
        `${String(outcomesOfMessage)} outcomes, and its copies ${String(outcomesOfCopies)}`,
    )
  }

  /** Counts situations that only the counters show. Called once, when the process ends. */
  countMarkers(): void {
    const { markers } = this.#world
    for (const { handle } of this.watches.values()) {
      const { counters } = handle
      markers.seen('resent', counters.resent)
      markers.seen('fenced', counters.fenced)
      markers.seen('discarded', counters.discarded)
      if (counters.heartbeatsReceived > 0) markers.seen('heartbeat answered')
    }
    markers.seen('router answered too late', this.#node.counters.lateAnswers)
  }

  #violated(what: string): void {
    this.#world.violated(this.#name, what)
  }
}

const NO_OPENING: Pick<SimulatedOpening, 'taken' | 'sent'> = { taken: new Map(), sent: new Map() }

/** No challenge is decided sooner, unless one of the two connections ends. */
const CHALLENGE_MS_MIN = 1_200

const REJECTIONS: ReadonlyMap<string, Marker> = new Map<string, Marker>([
  ['hold-down', 'hold-down'],
  ['full', 'full'],
  ['address unknown', 'address unknown'],
  ['only in active entries', 'only in active entries'],
  ['not in the table', 'stranger'],
])
