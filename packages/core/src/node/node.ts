import { Acceptor } from '../accept/acceptor.js'
import { AcceptGroups } from '../accept/accept-groups.js'
import { addressText, Rejections } from '../accept/rejections.js'
import { Audit } from '../audit/audit.js'
import type { Finding } from '../audit/finding.js'
import { NodeConfig } from '../config/node-config.js'
import { Clock, type Timer } from '../contracts/clock.js'
import { FrameCodec } from '../contracts/frame-codec.js'
import { Logger } from '../contracts/logger.js'
import { OutboxStore } from '../contracts/outbox.js'
import { Random } from '../contracts/random.js'
import { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { type LinkRef, SendRouter } from '../contracts/send-router.js'
import { type Address, Transport } from '../contracts/transport.js'
import { inject, injectable } from '../di.js'
import { CommloopError } from '../errors.js'
import type { LinkChange, NodeEvents, ReceivedMessage } from '../events.js'
import type { Link, LinkListener } from '../link/link.js'
import { LinkFactory } from '../link/link-factory.js'
import { LinkHandle } from '../link/link-handle.js'
import { EventHub, type EventListener } from '../report/event-hub.js'
import { Inbox } from '../report/inbox.js'
import { OutcomeReporter } from '../report/outcome-reporter.js'
import { Dispatch, type SendOptions } from '../routing/dispatch.js'
import { Table } from '../table/table.js'
import { type NodeCounters, NodeTally } from './node-counters.js'

const NO_OPTIONS: SendOptions = {}

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
  readonly config: NodeConfig
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #events: EventHub
  readonly #outcomes: OutcomeReporter
  readonly #rejections: Rejections
  readonly #tally = new NodeTally()
  readonly #table: Table
  readonly #handles: ReadonlyMap<Link, LinkHandle>
  readonly #views: readonly LinkHandle[]
  readonly #dispatch: Dispatch
  readonly #inbox: Inbox
  readonly #audit: Audit
  readonly #acceptor: Acceptor | undefined
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
    this.config = config
    this.#clock = clock
    this.#logger = logger
    this.#events = new EventHub(logger)
    this.#outcomes = new OutcomeReporter(clock, this.#events)
    this.#rejections = new Rejections(clock, (remote, reason, count) => {
      this.#logger.warn({ remote, reason, count }, 'connection refused')
      this.#events.emit('rejected', { remote, reason, count })
    })
    const factory = new LinkFactory(
      { codec, strategy, dialsMax: config.dialsMax },
      { clock, random, transport, store, listener: this.#linkListener() },
    )
    this.#table = new Table(config.entries, (entry) => factory.linksOf(entry))
    this.#handles = new Map(
      this.#table.links.map((link) => [link, new LinkHandle(link, clock)] as const),
    )
    this.#views = Object.freeze([...this.#handles.values()])
    this.#inbox = new Inbox({
      messagesMax: config.iteratorMessagesMax,
      bytesMax: config.iteratorBytesMax,
    })
    this.#dispatch = this.#makeDispatch(router)
    this.#audit = this.#makeAudit()
    this.#acceptor = this.#makeAcceptor(transport)
  }

  // ── composition ─────────────────────────────────────────────────────────────────────────────────────────────

  #makeDispatch(router: SendRouter): Dispatch {
    const { config } = this
    return new Dispatch({
      clock: this.#clock,
      router,
      table: this.#table,
      views: this.#views,
      tally: this.#tally,
      outcomes: this.#outcomes,
      limits: {
        messagesMax: config.routingMessagesMax,
        bytesMax: config.routingBytesMax,
        routerTimeoutMs: config.routerTimeoutMs,
        deferMsMax: config.deferMsMax,
      },
      drained: (link) => {
        this.#events.emit('drain', { link })
      },
      settled: () => {
        this.#checkSettled()
        this.#finishDrained(this.#table.links)
      },
      warning: (code, message, cause) => {
        this.#warn(code, message, cause)
      },
    })
  }

  #makeAudit(): Audit {
    const options = { everyMs: this.config.auditEveryMs, graceMs: this.config.auditGraceMs }
    return new Audit(this.#table.links, this.#rejections, this.#clock, options, (findings) => {
      for (const finding of findings)
        this.#logger.warn({ finding }, `audit: ${findingText(finding)}`)
      this.#events.emit('audit', { findings })
    })
  }

  #makeAcceptor(transport: Transport): Acceptor | undefined {
    const { listen } = this.config
    if (listen === undefined) return undefined
    return new Acceptor(listen, new AcceptGroups(this.#table.links), transport, this.#clock, {
      listening: (at) => {
        this.#nowListening(at)
      },
      notListening: (error) => {
        this.#startFailed(error)
      },
      rejected: (remote, reason) => {
        this.#rejections.add(remote, reason)
      },
      warning: (code, message, cause) => {
        this.#warn(code, message, cause)
      },
    })
  }

  #linkListener(): LinkListener {
    return {
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
        this.#finishDrained([link])
      },
      warning: (code, message, cause) => {
        this.#warn(code, message, cause)
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
      if (this.#acceptor === undefined) this.#run()
      else this.#acceptor.open()
    })
  }

  #nowListening(at: Address): void {
    this.#listening = at
    this.#logger.info({ listen: at }, `listening at ${addressText(at)}`)
    if (this.#phase === 'starting') this.#run()
  }

  #startFailed(cause: Error): void {
    this.#phase = 'stopped'
    const { host = '', port = 0 } = this.config.listen ?? {}
    const text = `cannot listen at ${addressText({ ip: host, port })}: ${cause.message}`
    this.#started?.reject(new CommloopError('CML_ERR_LISTEN', text, { cause }))
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

  // ── settling and stopping ───────────────────────────────────────────────────────────────────────────────────

  get #unsettled(): boolean {
    return (
      this.#dispatch.routing > 0 || this.#table.links.some((link) => link.outbox.level.messages > 0)
    )
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
      const timer = deadlineMs === undefined ? undefined : this.#clock.after(deadlineMs, expired)
      this.#settleWaiters.add(check)
    })
  }

  #checkSettled(): void {
    for (const check of this.#settleWaiters) check()
  }

  /**
   * Ends in order: no new message, no new connection, what is queued on links that are up is written, each ends with
   * FIN; at the deadline the rest is cut. Always resolves.
   */
  stop(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#stopped ??= new Promise((resolve) => {
      this.#stop(options.deadlineMs ?? this.config.stopDeadlineMs, resolve)
    })
    return this.#stopped
  }

  #stop(deadlineMs: number, resolve: () => void): void {
    this.#phase = 'stopping'
    this.#acceptor?.close()
    this.#audit.stop()
    this.#dispatch.dropDeferred('stopped')
    const timer = this.#clock.after(deadlineMs, () => {
      this.#cut()
    })
    this.#stopping = { timer, resolve }
    for (const link of this.#table.links) link.stop('stopped')
    this.#checkStopped()
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
    for (const link of this.#table.links) link.abort('stopped')
  }

  /** Everything is closed: tell what is untold, and leave no timer behind. */
  #checkStopped(): void {
    const stopping = this.#stopping
    if (stopping === undefined) return
    if (!this.#table.links.every((link) => link.state === 'closed')) return
    this.#stopping = undefined
    stopping.timer.cancel()
    this.#dispatch.dropAll('stopped')
    this.#phase = 'stopped'
    this.#rejections.close()
    this.#outcomes.close()
    this.#inbox.close()
    this.#started?.reject(new CommloopError('CML_ERR_NOT_RUNNING', 'stopped while starting'))
    this.#logger.info({ counters: this.counters }, 'stopped')
    stopping.resolve()
  }

  // ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────

  #linkChanged(link: Link, change: LinkChange): void {
    const { state, ...fields } = change
    const level = state === 'backoff' || state === 'exhausted' ? 'warn' : 'info'
    this.#logger[level]({ state, ...fields }, linkText(change))
    this.#events.emit('link', change)
    // After the event: whoever challenges the link may fill it at once, which is the next event.
    if (state === 'awaiting') this.#acceptor?.vacated(link)
    if (state === 'closed') this.#checkStopped()
  }

  /** Never inside the user's own call. */
  #warn(code: string, message: string, cause?: unknown): void {
    this.#logger.warn({ code, ...(cause === undefined ? {} : { err: cause }) }, message)
    this.#clock.soon(() => {
      this.#events.emit('warning', { code, message, ...(cause === undefined ? {} : { cause }) })
    })
  }
}

function linkText(change: LinkChange): string {
  const { link, state, remote, reason, delayMs } = change
  const peer = remote === undefined ? '' : ` with ${addressText(remote)}`
  const why = reason === undefined ? '' : `: ${reason}`
  const next = delayMs === undefined ? '' : `; next dial in ${String(Math.round(delayMs))} ms`
  return `${link} is ${state}${peer}${why}${next}`
}

function findingText(finding: Finding): string {
  switch (finding.kind) {
    case 'never filled':
      return `nobody has ever connected for "${finding.entry}"`
    case 'absent':
      return `nobody is connected for "${finding.entry}" since ${secondsText(finding.forMs)}`
    case 'exhausted':
      return `"${finding.link}" gave up dialling ${secondsText(finding.forMs)} ago: ${finding.reason ?? 'unknown'}`
    case 'stranger':
      return `${finding.remote} keeps trying (${String(finding.count)} times): ${finding.reason}`
  }
}

function secondsText(ms: number): string {
  return `${String(Math.round(ms / 1000))} s`
}
