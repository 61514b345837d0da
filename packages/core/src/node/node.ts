import type { ListenerState, Listening } from '../accept/listening.js'
import type { NameState, PeerNames } from '../accept/peer-names.js'
import type { RejectionCount, Rejections } from '../accept/rejections.js'
import type { Audit } from '../audit/audit.js'
import type { ConfigProblem } from '../config/config-problem.js'
import type { NodeConfig } from '../config/node-config.js'
import type { NodeOptions } from '../config/node-options.js'
import { CommloopError } from '../contracts/errors.js'
import type { Clock } from '../contracts/clock.js'
import type { Finding } from '../contracts/finding.js'
import type { NodeEvents, ReceivedMessage } from '../contracts/node-events.js'
import { reasonText } from '../contracts/reason.js'
import type { LinkRef } from '../contracts/send-router.js'
import type { Address } from '../contracts/transport.js'
import type { EventHub, EventListener } from '../events/event-hub.js'
import type { LinkCounters } from '../ledger/link-counters.js'
import { type NodeCounters, nodeCounters, type NodeTally } from '../ledger/node-counters.js'
import type { LinkHandle } from '../link/link-handle.js'
import type { Inbox } from '../receive/inbox.js'
import type { Dispatch, SendOptions } from '../routing/dispatch.js'
import type { RequestOptions } from '../routing/request-options.js'
import type { Requests } from '../routing/requests.js'
import { messageText } from '../text/safe-text.js'
import type { NodeLinks } from './node-links.js'
import type { NodeState } from './node-state.js'
import type { NewPlugins, Reconfiguration } from './reconfiguration.js'
import type { Reconfigurer } from './reconfigurer.js'
import type { Settling } from './settling.js'
import type { Starting } from './starting.js'
import type { Stopping } from './stopping.js'

const NO_OPTIONS: SendOptions = {}

/** What a node is made of. */
export interface NodeParts {
  readonly state: NodeState
  readonly clock: Clock
  readonly tally: NodeTally
  readonly events: EventHub
  readonly rejections: Rejections
  readonly names: PeerNames
  readonly links: NodeLinks
  readonly dispatch: Dispatch
  readonly requests: Requests
  readonly inbox: Inbox
  readonly audit: Audit
  readonly listening: Listening
  readonly starting: Starting
  readonly reconfigurer: Reconfigurer
  readonly settling: Settling
  readonly stopping: Stopping
}

/** A listener that is not open and tries again. */
export interface NotListening {
  readonly host: string
  readonly port: number
  /** What the operating system said. */
  readonly reason: string
  /** How long it has not been open, in milliseconds. */
  readonly forMs: number
}

/**
 * One running commloop: the links of its table, the listener for accepted connections, and the router.
 *
 *     send ─▶ dispatch ─▶ router ─▶ delivery ─▶ outbox ─▶ codec ─▶ transport     from the outbox on: per link
 *     message ◀── inbox, listeners ◀── link reports ◀── link ◀── codec ◀── transport
 *
 * Made by `createNode`, which is the composition root.
 */
export class Node {
  readonly #parts: NodeParts
  // Separate fields, because `send` runs for every message.
  readonly #state: NodeState
  readonly #dispatch: Dispatch

  constructor(parts: NodeParts) {
    this.#parts = parts
    this.#state = parts.state
    this.#dispatch = parts.dispatch
  }

  get config(): NodeConfig {
    return this.#state.setup.config
  }

  /**
   * Listens and begins to dial. Resolves when the node listens, or immediately if the configuration has no `listen`. It
   * does not wait for links to come up. If this machine does not have the address of `listen` yet, the node starts without
   * it and listens as soon as it can: see `notListening`.
   * @throws CommloopError CML_ERR_LISTEN, CML_ERR_NOT_RUNNING if the node was started before.
   */
  start(): Promise<void> {
    return this.#parts.starting.start()
  }

  /** Where the first listener is open: the real port, even if the configuration says 0. */
  get listening(): Address | undefined {
    return this.#parts.listening.first
  }

  /** Every listener, in the order of the configuration. Empty before the start. */
  get listeners(): readonly ListenerState[] {
    return this.#parts.listening.states
  }

  /** Why the node does not listen although its configuration says so; undefined: it does, or should not. */
  get notListening(): NotListening | undefined {
    const { trouble } = this.#parts.listening
    if (trouble === undefined) return undefined
    const { place, error, sinceMs } = trouble
    const forMs = this.#parts.clock.now() - sinceMs
    return { host: place.host, port: place.port, reason: messageText(error), forMs }
  }

  // ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Accepts one message. If it throws, the node has not accepted the message. The node keeps the payload by reference:
   * do not change it before the message has its outcome.
   * @returns false if a target, or the queue of messages that wait for a route, is now above its high-water mark: wait
   * for `drain`.
   * @throws CommloopError CML_ERR_NOT_RUNNING, CML_ERR_PAYLOAD_INVALID, CML_ERR_PAYLOAD_TOO_LARGE,
   * CML_ERR_LINK_UNKNOWN, CML_ERR_LINK_AMBIGUOUS, CML_ERR_LINK_DOWN, CML_ERR_OUTBOX_FULL, CML_ERR_ROUTING_FULL
   */
  send(payload: Uint8Array, options: SendOptions = NO_OPTIONS): boolean {
    if (this.#state.phase !== 'running')
      return this.#dispatch.refuseNotRunning(`the node is ${this.#state.phase}`)
    return this.#dispatch.send(payload, options)
  }

  /**
   * Sends a message over one link, and waits for the answer. The link must be up: a request does not wait for a
   * connection, and only the connection over which it was sent may answer. The answer is given to this caller only: it is
   * not a `message` and is not relayed. An answer that comes after the request has ended is an ordinary message.
   *
   * @returns the answer. The promise is rejected with CML_ERR_REQUEST_TIMEOUT; with CML_ERR_LINK_DOWN as soon as the
   * connection is gone; with an `AbortError`; with CML_ERR_REQUEST_DUPLICATE if a request with the same key waits; with
   * CML_ERR_ROUTING_FULL if as many requests wait as `routing.messages` allows (10 000); with CML_ERR_INPUT_INVALID; or
   * with what `send` throws. It is settled in one of these ways, once.
   */
  request(payload: Uint8Array, options: RequestOptions): Promise<ReceivedMessage> {
    const { requests } = this.#parts
    if (this.#state.phase === 'running') return requests.ask(payload, options)
    return requests.refused(() =>
      this.#dispatch.refuseNotRunning(`the node is ${this.#state.phase}`),
    )
  }

  /**
   * Received messages with backpressure: if more of them wait than `iterator` allows, the node stops reading their
   * links. Each call opens a separate stream, which gets all messages and ends when the node has stopped.
   */
  messages(): AsyncIterableIterator<ReceivedMessage> {
    return this.#parts.inbox.open()
  }

  on<Name extends keyof NodeEvents>(name: Name, listener: EventListener<Name>): this {
    this.#parts.events.on(name, listener)
    return this
  }

  off<Name extends keyof NodeEvents>(name: Name, listener: EventListener<Name>): this {
    this.#parts.events.off(name, listener)
    return this
  }

  // ── state and counters ──────────────────────────────────────────────────────────────────────────────────────

  /** Every link, in the order of the table. The same array until the table changes. */
  links(): readonly LinkHandle[] {
    return this.#parts.links.views
  }

  /** @throws CommloopError CML_ERR_LINK_UNKNOWN, CML_ERR_LINK_AMBIGUOUS */
  link(ref: LinkRef): LinkHandle {
    const { links } = this.#parts
    const link = links.table.find(ref)
    if (!('code' in link)) return links.handleOf(link)
    const details = { link: link.link }
    throw new CommloopError(link.code, reasonText(link.reason), { details })
  }

  get counters(): NodeCounters {
    return nodeCounters(
      this.#parts.tally,
      this.#dispatch.routing,
      this.#parts.requests.counters,
      this.#parts.rejections.countsByText,
    )
  }

  /** Rejected connections by reason: the same numbers as `counters.rejected`, with the codes of the reasons. */
  get rejections(): readonly RejectionCount[] {
    return this.#parts.rejections.counts
  }

  /** The names of passive entries, with the addresses from which their peers may connect now. */
  get names(): readonly NameState[] {
    return this.#parts.names.states
  }

  /** The sum of the counters of links that the table no longer has, including links that are still ending. */
  get retired(): LinkCounters {
    return this.#parts.links.retired.counters
  }

  /** What an audit would report now. */
  findings(): readonly Finding[] {
    return this.#parts.audit.findings()
  }

  // ── a configuration that changes ────────────────────────────────────────────────────────────────────────────

  /**
   * Changes the options of the running node. Links whose entries did not change keep their connections, queues and
   * counters, and emit no event. An entry with the same id is the same entry. `plugins` replace those of the node; the
   * plugins of an entry are in its options, and a plugin with the same `spec` is the same plugin.
   *
   * The node checks everything first, and opens a new listen address before it changes anything. So the change happens
   * completely or not at all. A second call waits for the first. `docs/reload.md` describes the effect of each key.
   *
   * With `relisten`, the node opens its listener again even if `listen` did not change, because the files that `listen`
   * names may have changed.
   *
   * @returns what happened to each link
   * @throws CommloopError CML_ERR_CONFIG_INVALID with every mistake, including changes that are impossible while a node
   * runs; CML_ERR_LISTEN; CML_ERR_NOT_RUNNING. Then nothing has changed.
   */
  reconfigure(
    options: NodeOptions | NodeConfig,
    plugins: NewPlugins = {},
    { relisten = false }: { readonly relisten?: boolean } = {},
  ): Promise<Reconfiguration> {
    return this.#parts.reconfigurer.reconfigure(options, plugins, relisten)
  }

  /** The problems for which `reconfigure` would reject these options now. Empty: none. */
  reconfigurationProblems(
    options: NodeOptions | NodeConfig,
    plugins: NewPlugins = {},
  ): ConfigProblem[] {
    return this.#parts.reconfigurer.problems(options, plugins)
  }

  /** The same as `reconfigurationProblems`, in slices between which the node carries traffic: for a large table. */
  checkReconfiguration(
    options: NodeOptions | NodeConfig,
    plugins: NewPlugins = {},
  ): Promise<ConfigProblem[]> {
    return this.#parts.reconfigurer.problemsInSlices(options, plugins)
  }

  // ── settling and stopping ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Waits until every accepted message has an outcome.
   * @returns false if the deadline came first. Default: no deadline.
   */
  settled(options: { readonly deadlineMs?: number } = {}): Promise<boolean> {
    return this.#parts.settling.settled(options.deadlineMs)
  }

  /**
   * Stops gracefully: refuses new messages and connections, writes the queues of links that are up, and ends each
   * connection with FIN. At the deadline (in milliseconds; default: `stopDeadline`) it resets the connections that are
   * left. Never rejects.
   */
  stop(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#parts.reconfigurer.abandon()
    return this.#parts.stopping.stop(options.deadlineMs ?? this.config.stopDeadlineMs)
  }
}
