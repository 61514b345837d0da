import { Acceptor } from '../accept/acceptor.js'
import { AcceptGroups } from '../accept/accept-groups.js'
import { Rejections } from '../accept/rejections.js'
import { addressText } from '../address/address-text.js'
import { Audit } from '../audit/audit.js'
import type { Finding } from '../contracts/finding.js'
import type { ConfigProblem } from '../config/config-problem.js'
import { type EntryConfig, type ListenConfig, NodeConfig } from '../config/node-config.js'
import type { NodeOptions } from '../config/node-options.js'
import { problemsError } from '../config/resolve-config.js'
import { Clock, type Timer } from '../contracts/clock.js'
import { FrameCodec } from '../contracts/frame-codec.js'
import { Logger } from '../contracts/logger.js'
import { OutboxStore } from '../contracts/outbox.js'
import { Random } from '../contracts/random.js'
import { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { type LinkRef, SendRouter } from '../contracts/send-router.js'
import { type Address, Transport } from '../contracts/transport.js'
import { inject, injectable } from '../di.js'
import { CommloopError } from '../contracts/errors.js'
import type { LinkChange, NodeEvents, ReceivedMessage } from '../contracts/node-events.js'
import type { Link, LinkListener } from '../link/link.js'
import type { LinkCounters } from '../ledger/link-counters.js'
import { LinkFactory } from '../link/link-factory.js'
import { LinkHandle } from '../link/link-handle.js'
import { type LinkSpec, sameSpec } from '../link/link-spec.js'
import { EventHub, type EventListener } from '../events/event-hub.js'
import { Inbox } from '../receive/inbox.js'
import { NodeLog } from '../events/node-log.js'
import { OutcomeReporter } from '../events/outcome-reporter.js'
import { Warnings } from '../events/warnings.js'
import { Dispatch, type DispatchSetup, type SendOptions } from '../routing/dispatch.js'
import { EpochHistory } from './epoch-history.js'
import { Table } from '../table/table.js'
import { timerMs } from '../units/duration.js'
import { type NodeCounters, NodeTally } from '../ledger/node-counters.js'
import {
  heartbeatProblems,
  payloadBytesMax,
  type ReconfigurationPlan,
  reconfigurationPlanOf,
  type PresentSetup,
  setupsOf,
  unusableCodec,
} from './reconfiguration-plan.js'
import {
  changedNodeKeys,
  isReordered,
  type NewPlugins,
  type NodeSetup,
  type Reconfiguration,
} from './reconfiguration.js'
import { RetiredLinks } from './retired-links.js'

const NO_OPTIONS: SendOptions = {}
/** A configuration that was asked for and has not come about yet. */
interface AskedReconfiguration {
  readonly options: NodeOptions | NodeConfig
  readonly plugins: NewPlugins
  readonly relisten: boolean
  resolve(what: Reconfiguration): void
  reject(error: unknown): void
}

type NodePhase = 'new' | 'starting' | 'running' | 'stopping' | 'stopped'

/**
 * One running commloop: the links of its table, the door for those that are accepted, and the router.
 *
 *     send ─▶ dispatch ─▶ router ─▶ outbox ─▶ codec ─▶ transport          one link each from the outbox on
 *     message ◀── inbox, listeners ◀── link ◀── codec ◀── transport
 *
 * Made by `createNode`, which is the composition root.
 */
@injectable()
export class Node {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #events: EventHub
  readonly #outcomes: OutcomeReporter
  readonly #rejections: Rejections
  readonly #warnings: Warnings
  readonly #log: NodeLog
  readonly #tally = new NodeTally()
  readonly #factory: LinkFactory
  readonly #retired: RetiredLinks
  readonly #formerEpochs = new EpochHistory()
  readonly #dispatch: Dispatch
  readonly #inbox: Inbox
  readonly #audit: Audit
  readonly #acceptor: Acceptor
  readonly #reconfigurations: AskedReconfiguration[] = []
  #changing = false
  #setup: NodeSetup
  /** What each entry makes of its links, by its id. */
  #setups: ReadonlyMap<string, LinkSpec>
  #table: Table
  #handles: ReadonlyMap<Link, LinkHandle>
  #views: readonly LinkHandle[]
  #phase: NodePhase = 'new'
  #listening: Address | undefined
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined
  #stopped: Promise<void> | undefined
  #stopping: { readonly timer: Timer; readonly resolve: () => void } | undefined
  readonly #settleWaiters = new Set<() => void>()

  constructor(
    @inject(NodeConfig) config: NodeConfig,
    @inject(Transport) transport: Transport,
    @inject(FrameCodec) codec: FrameCodec,
    @inject(ReconnectStrategy) strategy: ReconnectStrategy,
    @inject(SendRouter) router: SendRouter,
    @inject(OutboxStore) store: OutboxStore,
    @inject(Clock) clock: Clock,
    @inject(Random) random: Random,
    @inject(Logger) logger: Logger,
  ) {
    this.#clock = clock
    this.#logger = logger
    this.#events = new EventHub((name, cause) => {
      this.#warnings.listenerThrew(name, cause)
    })
    this.#warnings = new Warnings(clock, logger, (warning) => {
      this.#events.emit('warning', warning)
    })
    this.#log = new NodeLog(clock, logger)
    this.#outcomes = new OutcomeReporter(clock, this.#events)
    this.#rejections = new Rejections(clock, (remote, reason, count) => {
      this.#logger.warn({ remote, reason, count }, 'connection refused')
      this.#events.emit('rejected', { remote, reason, count })
    })
    this.#setup = { config, codec, strategy, router }
    this.#setups = setupsOf(config.entries, this.#setup, new Map())
    const problem = unusableCodec(this.#setups) ?? problemsError(heartbeatProblems(this.#setups))
    if (problem !== undefined) throw problem
    const services = { clock, random, transport, store, listener: this.#linkListener() }
    this.#factory = new LinkFactory(config.dialsMax, services)
    this.#retired = new RetiredLinks(clock)
    this.#table = this.#tableOf(config.entries, undefined)
    this.#handles = this.#handlesOf(this.#table, new Map())
    this.#views = Object.freeze([...this.#handles.values()])
    this.#inbox = new Inbox(iteratorLimits(config))
    this.#dispatch = this.#makeDispatch()
    this.#audit = this.#makeAudit()
    this.#acceptor = this.#makeAcceptor(transport)
  }

  get config(): NodeConfig {
    return this.#setup.config
  }

  // ── composition ─────────────────────────────────────────────────────────────────────────────────────────────

  /** `before`: the links of these ids and roles stay. */
  #tableOf(entries: readonly EntryConfig[], before: Table | undefined): Table {
    return new Table(entries, (entry) => {
      const setup = this.#setups.get(entry.id)
      if (setup === undefined) throw new Error(`node: entry ${entry.id} has no setup`)
      return entry.linkIds.map((id) => {
        const link = before?.link(id)
        if (link?.entry.role === entry.role) return link
        return this.#factory.linkOf(id, setup, link?.epoch ?? this.#formerEpochs.lastOf(id))
      })
    })
  }

  #handlesOf(table: Table, before: ReadonlyMap<Link, LinkHandle>): ReadonlyMap<Link, LinkHandle> {
    const handleOf = (link: Link): LinkHandle =>
      before.get(link) ?? new LinkHandle(link, this.#clock)
    return new Map(table.links.map((link) => [link, handleOf(link)] as const))
  }

  #dispatchSetup(): DispatchSetup {
    const { config, router } = this.#setup
    return {
      router,
      table: this.#table,
      views: this.#views,
      payloadBytesMax: payloadBytesMax(this.#setups),
      limits: {
        messagesMax: config.routingMessagesMax,
        bytesMax: config.routingBytesMax,
        routerTimeoutMs: config.routerTimeoutMs,
        deferMsMax: config.deferMsMax,
      },
    }
  }

  #makeDispatch(): Dispatch {
    return new Dispatch(this.#dispatchSetup(), {
      clock: this.#clock,
      tally: this.#tally,
      outcomes: this.#outcomes,
      drained: (link) => {
        this.#events.emit('drain', { link })
      },
      settled: () => {
        this.#checkSettled()
        this.#finishDrained(this.#table.links)
      },
      warning: (code, message, cause) => {
        this.#warnings.warn(code, message, cause)
      },
    })
  }

  #makeAudit(): Audit {
    const options = auditOptions(this.config)
    return new Audit(this.#table.links, this.#rejections, this.#clock, options, (findings) => {
      this.#log.found(findings)
      this.#events.emit('audit', { findings })
    })
  }

  #makeAcceptor(transport: Transport): Acceptor {
    return new Acceptor(new AcceptGroups(this.#table.links), transport, this.#clock, {
      listening: (at) => {
        this.#nowListening(at)
      },
      rejected: (remote, reason) => {
        this.#rejections.add(remote, reason)
      },
      warning: (code, message, cause) => {
        this.#warnings.warn(code, message, cause)
      },
    })
  }

  #linkListener(): LinkListener {
    const events = this.#events
    return {
      // No getter: V8 would keep the object as a dictionary, which is searched for every payload.
      watched: () => events.watched,
      sent: (link, { payload, id }) => {
        const { epoch } = link
        const named = id === undefined ? {} : { id }
        events.emit('passing', { direction: 'sent', payload, link: link.id, epoch, ...named })
      },
      changed: (link, change) => {
        this.#linkChanged(link, change)
      },
      received: (link, payload) => {
        this.#received(link, payload)
      },
      ended: (outcome, reason, link, id) => {
        this.#outcomes.ended(outcome, reason, link.id, id)
      },
      drained: (link) => {
        // Told first: a relay that is let go may fill the queue at once.
        this.#events.emit('drain', { link: link.id })
        this.#dispatch.drained(link)
      },
      emptied: (link) => {
        this.#checkSettled()
        if (link.state === 'draining') this.#drained(link)
      },
      warning: (code, message, cause) => {
        this.#warnings.warn(code, message, cause)
      },
    }
  }

  // ── start ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Listens and begins to dial. Resolves when the node listens, or has nothing to listen for; not when links are up.
   * @throws CommloopError CML_ERR_LISTEN, CML_ERR_NOT_RUNNING when it was started before.
   */
  start(): Promise<void> {
    if (this.#phase !== 'new') {
      return Promise.reject(
        new CommloopError('CML_ERR_NOT_RUNNING', 'a node is started once; make a new one'),
      )
    }
    this.#phase = 'starting'
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject }
      const { listen } = this.config
      if (listen === undefined) {
        this.#run()
        return
      }
      this.#acceptor.move(listen, (error) => {
        if (error === undefined) return
        this.#phase = 'stopped'
        reject(listenError(listen, error))
      })
    })
  }

  #nowListening(at: Address): void {
    this.#listening = at
    this.#logger.info({ listen: at }, `listening at ${addressText(at)}`)
    if (this.#phase === 'starting') this.#run()
  }

  #run(): void {
    this.#phase = 'running'
    this.#audit.start()
    for (const link of this.#table.links) link.start()
    this.#started?.resolve()
  }

  /** Where the node listens: the real port, where the configuration said 0. */
  get listening(): Address | undefined {
    return this.#listening
  }

  // ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Accepts one message, or throws and has accepted nothing. The payload is kept by reference until its outcome: do
   * not change it meanwhile.
   * @returns false when a target, or the routing stage, is above its high-water mark now: wait for `drain`.
   * @throws CommloopError CML_ERR_NOT_RUNNING, CML_ERR_PAYLOAD_INVALID, CML_ERR_PAYLOAD_TOO_LARGE,
   * CML_ERR_LINK_UNKNOWN, CML_ERR_LINK_AMBIGUOUS, CML_ERR_LINK_DOWN, CML_ERR_OUTBOX_FULL, CML_ERR_ROUTING_FULL
   */
  send(payload: Uint8Array, options: SendOptions = NO_OPTIONS): boolean {
    if (this.#phase !== 'running')
      return this.#dispatch.refuseNotRunning(`the node is ${this.#phase}`)
    return this.#dispatch.send(payload, options)
  }

  #received(link: Link, payload: Uint8Array): void {
    if (this.#events.watched) this.#tellReceived(link, payload)
    const streams = this.#inbox.heard
    const listeners = this.#events.heard('message')
    if (streams || listeners) {
      const message: ReceivedMessage = { payload, link: link.id, epoch: link.epoch }
      if (streams) this.#inbox.push(message, link)
      if (listeners) this.#events.emitMessage(message)
    } else if (!this.config.relay) {
      this.#tally.unheard++
    }
    if (!this.config.relay) return
    if (this.#phase === 'running') this.#dispatch.relay(payload, link)
    else this.#tally.refused++
  }

  #tellReceived({ id, epoch }: Link, payload: Uint8Array): void {
    this.#events.emit('passing', { direction: 'received', payload, link: id, epoch })
  }

  /**
   * Received messages with backpressure: while more wait than `iterator` allows, their links are not read. Each call
   * opens a stream of its own, which gets all; it ends when the node has stopped.
   */
  messages(): AsyncIterableIterator<ReceivedMessage> {
    return this.#inbox.open()
  }

  on<Name extends keyof NodeEvents>(name: Name, listener: EventListener<Name>): this {
    this.#events.on(name, listener)
    return this
  }

  off<Name extends keyof NodeEvents>(name: Name, listener: EventListener<Name>): this {
    this.#events.off(name, listener)
    return this
  }

  // ── looking at it ───────────────────────────────────────────────────────────────────────────────────────────

  /** Every link, in the order of the table. The same array until the table changes. */
  links(): readonly LinkHandle[] {
    return this.#views
  }

  /** @throws CommloopError CML_ERR_LINK_UNKNOWN, CML_ERR_LINK_AMBIGUOUS */
  link(ref: LinkRef): LinkHandle {
    const link = this.#table.find(ref)
    if ('code' in link) throw new CommloopError(link.code, link.message)
    const handle = this.#handles.get(link)
    if (handle === undefined) throw new Error(`node: link ${link.id} has no handle`)
    return handle
  }

  get counters(): NodeCounters {
    const now = { routing: this.#dispatch.routing, rejected: this.#rejections.counts }
    return Object.assign(now, this.#tally)
  }

  /** What the audit would report now. */
  findings(): readonly Finding[] {
    return this.#audit.findings()
  }

  // ── a configuration that changes ────────────────────────────────────────────────────────────────────────────

  /**
   * Runs by other options from now on, without a stop: links whose entries say the same as before keep their
   * connections, queues and counters, and hear nothing of it. Entries are the same where their ids are. `plugins` are
   * the node's own; an entry's are in its options, and are the same where their `spec` is.
   *
   * Everything is checked first, and where listening moves, the new place is opened first; so it happens as a whole or
   * not at all. One at a time: a second call waits for the first. What each key does: `docs/reload.md`.
   *
   * With `relisten` listening begins anew also where `listen` says what it said: files that it names may be others now.
   *
   * @returns what has become of which link
   * @throws CommloopError CML_ERR_CONFIG_INVALID naming every mistake, and what cannot change while a node runs;
   * CML_ERR_LISTEN; CML_ERR_NOT_RUNNING. Then nothing has changed.
   */
  reconfigure(
    options: NodeOptions | NodeConfig,
    plugins: NewPlugins = {},
    { relisten = false }: { readonly relisten?: boolean } = {},
  ): Promise<Reconfiguration> {
    return new Promise((resolve, reject) => {
      this.#reconfigurations.push({ options, plugins, relisten, resolve, reject })
      if (this.#reconfigurations.length === 1) this.#reconfigureNext()
    })
  }

  /** What `reconfigure` would refuse now; empty: nothing. */
  reconfigurationProblems(
    options: NodeOptions | NodeConfig,
    plugins: NewPlugins = {},
  ): ConfigProblem[] {
    return reconfigurationPlanOf(this.#present, options, plugins, false).problems
  }

  get #present(): PresentSetup {
    return { setup: this.#setup, setups: this.#setups }
  }

  #reconfigureNext(): void {
    const [asked] = this.#reconfigurations
    if (asked === undefined) return
    const settle = (end: () => void): void => {
      end()
      // Only now: whoever hears of it and asks for the next one has to wait until this one is whole.
      if (this.#reconfigurations[0] === asked) this.#reconfigurations.shift()
      this.#reconfigureNext()
    }
    const plan = this.#checkedPlan(asked)
    if (plan instanceof CommloopError) {
      settle(() => {
        asked.reject(plan)
      })
      return
    }
    this.#moveListening(plan, (error) => {
      settle(() => {
        if (error === undefined) this.#bringAbout(asked, plan)
        else asked.reject(error)
      })
    })
  }

  #checkedPlan({
    options,
    plugins,
    relisten,
  }: AskedReconfiguration): ReconfigurationPlan | CommloopError {
    if (this.#phase !== 'running') return notRunning(this.#phase)
    const plan = reconfigurationPlanOf(this.#present, options, plugins, relisten)
    return problemsError(plan.problems) ?? plan
  }

  #moveListening(plan: ReconfigurationPlan, moved: (error: Error | undefined) => void): void {
    const { listen } = plan.setup.config
    if (!plan.relistens) {
      moved(undefined)
      return
    }
    this.#acceptor.move(listen, (error) => {
      if (listen === undefined) this.#listening = undefined
      moved(error === undefined || listen === undefined ? error : listenError(listen, error))
    })
  }

  #bringAbout(asked: AskedReconfiguration, plan: ReconfigurationPlan): void {
    this.#changing = true
    asked.resolve(this.#change(plan))
    this.#changing = false
  }

  /** Nothing can fail from here on. The state is changed as a whole before anybody is told of anything. */
  #change(plan: ReconfigurationPlan): Reconfiguration {
    const before = { setup: this.#setup, table: this.#table }
    const { config } = plan.setup
    this.#setup = plan.setup
    this.#setups = plan.setups
    this.#factory.dialsMax = config.dialsMax
    const table = this.#tableOf(config.entries, before.table)
    if (!sameLinks(before.table.links, table.links)) this.#takeTable(table)
    this.#inbox.limit(iteratorLimits(config))
    this.#dispatch.reconfigure(this.#dispatchSetup())
    const node = changedNodeKeys(before.setup, plan.setup)
    if (plan.relistens) node.unshift('listen')
    if (isReordered(before.table.links, table.links)) node.push('links')
    const links = this.#changeLinks(before.table, this.#table, plan.setups)
    this.#acceptor.regroup(new AcceptGroups(this.#table.links))
    this.#audit.reconfigure(this.#table.links, auditOptions(config))
    return { ...links, node }
  }

  #takeTable(table: Table): void {
    this.#table = table
    this.#handles = this.#handlesOf(table, this.#handles)
    this.#views = Object.freeze([...this.#handles.values()])
  }

  /** Those that go first: a link of the other role may follow one of the same id. */
  #changeLinks(
    before: Table,
    after: Table,
    setups: ReconfigurationPlan['setups'],
  ): Omit<Reconfiguration, 'node'> {
    const kept = new Set(after.links)
    const old = new Set(before.links)
    const removed = before.links.filter((link) => !kept.has(link))
    const added = after.links.filter((link) => !old.has(link))
    this.#retired.retire(removed, this.config.stopDeadlineMs)
    const fate = { reconnected: [] as string[], changed: [] as string[], unchanged: [] as string[] }
    for (const link of after.links) {
      if (old.has(link)) fate[this.#changeLink(link, setups.get(link.entry.id))].push(link.id)
    }
    for (const link of added) {
      // One that follows a link of its id begins when that one is closed.
      if (this.#phase === 'running' && !this.#retired.hasId(link.id)) link.start()
    }
    return { added: added.map(({ id }) => id), removed: removed.map(({ id }) => id), ...fate }
  }

  #changeLink(link: Link, setup: LinkSpec | undefined): 'reconnected' | 'changed' | 'unchanged' {
    if (setup === undefined) throw new Error(`node: link ${link.id} has no setup`)
    const same = sameSpec(link.setup, setup)
    // Where it says the same, it may still stand at another place of the table.
    const renewed = link.reconfigure(setup, this.config.stopDeadlineMs)
    if (same) return 'unchanged'
    return renewed ? 'reconnected' : 'changed'
  }

  /** What the links that the table does not have any more have counted, in one sum; those that still end included. */
  get retired(): LinkCounters {
    return this.#retired.counters
  }

  // ── settling and stopping ───────────────────────────────────────────────────────────────────────────────────

  get #unsettled(): boolean {
    return this.#dispatch.routing > 0 || this.#presentLinks.some(hasQueue)
  }

  /**
   * Waits until every accepted message has met its outcome.
   * @returns false when the deadline came first. Without a deadline it waits as long as it takes.
   */
  settled(options: { readonly deadlineMs?: number } = {}): Promise<boolean> {
    if (!this.#unsettled) return Promise.resolve(true)
    return new Promise((resolve) => {
      const done = (settled: boolean): void => {
        timer?.cancel()
        this.#settleWaiters.delete(check)
        resolve(settled)
      }
      const check = (): void => {
        if (!this.#unsettled) done(true)
      }
      const expired = (): void => {
        done(false)
      }
      const { deadlineMs } = options
      const timer =
        deadlineMs === undefined ? undefined : this.#clock.after(timerMs(deadlineMs), expired)
      this.#settleWaiters.add(check)
    })
  }

  /** Those of the table, and those that it has no more and that still end. */
  get #presentLinks(): readonly Link[] {
    return [...this.#table.links, ...this.#retired.links]
  }

  #checkSettled(): void {
    for (const check of this.#settleWaiters) check()
  }

  /**
   * Ends in order: no new message, no new connection, what is queued on links that are up is written, each ends with
   * FIN; at the deadline the rest is cut. Always resolves.
   */
  stop(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    if (this.#stopped !== undefined) return this.#stopped
    let resolve = (): void => undefined
    // There before the stop begins: whoever is told of it may ask for it again.
    this.#stopped = new Promise((resolved) => {
      resolve = resolved
    })
    this.#stop(options.deadlineMs ?? this.config.stopDeadlineMs, resolve)
    return this.#stopped
  }

  #stop(deadlineMs: number, resolve: () => void): void {
    this.#phase = 'stopping'
    this.#acceptor.close()
    // Whoever is told of a change may stop the node for it: that one comes about all the same.
    const unbegun = this.#reconfigurations.splice(this.#changing ? 1 : 0)
    for (const asked of unbegun) asked.reject(notRunning('stopping'))
    this.#audit.stop()
    this.#dispatch.dropDeferred('stopped')
    const timer = this.#clock.after(timerMs(deadlineMs), () => {
      this.#cut()
    })
    this.#stopping = { timer, resolve }
    for (const link of this.#presentLinks) link.stop('stopped')
    this.#checkStopped()
  }

  /** What was queued on a link that ends is written. */
  #drained(link: Link): void {
    if (this.#retired.has(link)) this.#retired.emptied(link)
    else this.#finishDrained([link])
  }

  /** A link that is up and empty ends, unless a pending answer of the router may still add to its queue. */
  #finishDrained(links: readonly Link[]): void {
    if (this.#phase !== 'stopping' || this.#dispatch.routing > 0) return
    for (const link of links) {
      if (link.outbox.level.messages === 0) link.finishDrained('stopped')
    }
  }

  #cut(): void {
    this.#dispatch.dropAll('stopped')
    for (const link of this.#presentLinks) link.abort('stopped')
  }

  /** Everything is closed: tell what is untold, and leave no timer behind. */
  #checkStopped(): void {
    const stopping = this.#stopping
    if (stopping === undefined) return
    if (!this.#presentLinks.every((link) => link.state === 'closed')) return
    this.#stopping = undefined
    stopping.timer.cancel()
    this.#dispatch.dropAll('stopped')
    this.#phase = 'stopped'
    this.#rejections.close()
    this.#outcomes.close()
    this.#warnings.close()
    this.#log.close()
    this.#inbox.close()
    this.#started?.reject(new CommloopError('CML_ERR_NOT_RUNNING', 'stopped while starting'))
    this.#logger.info({ counters: this.counters }, 'stopped')
    stopping.resolve()
  }

  // ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────

  #linkChanged(link: Link, change: LinkChange): void {
    const { state } = change
    this.#log.changed(link.entry.id, change)
    this.#events.emit('link', change)
    // After the event: whoever challenges the link may fill it at once, which is the next event.
    if (state === 'awaiting') this.#acceptor.vacated(link)
    if (state !== 'closed') return
    if (this.#retired.has(link)) this.#removed(link)
    this.#checkStopped()
  }

  #removed(link: Link): void {
    this.#retired.closed(link)
    this.#formerEpochs.remember(link.id, link.epoch)
    if (this.#phase === 'running') this.#table.link(link.id)?.start()
    this.#checkSettled()
  }
}

function sameLinks(left: readonly Link[], right: readonly Link[]): boolean {
  return left.length === right.length && left.every((link, at) => link === right[at])
}

function hasQueue(link: Link): boolean {
  return link.outbox.level.messages > 0
}

function iteratorLimits(config: NodeConfig): { messagesMax: number; bytesMax: number } {
  return { messagesMax: config.iteratorMessagesMax, bytesMax: config.iteratorBytesMax }
}

function auditOptions(config: NodeConfig): { everyMs: number; graceMs: number } {
  return { everyMs: config.auditEveryMs, graceMs: config.auditGraceMs }
}

function listenError({ host, port }: ListenConfig, cause: Error): CommloopError {
  const text = `cannot listen at ${addressText({ ip: host, port })}: ${cause.message}`
  return new CommloopError('CML_ERR_LISTEN', text, { cause })
}

function notRunning(phase: NodePhase): CommloopError {
  return new CommloopError('CML_ERR_NOT_RUNNING', `the node is ${phase}`)
}
