import type { Listening } from '../accept/listening.js'
import type { RejectionCount, Rejections } from '../accept/rejections.js'
import type { Audit } from '../audit/audit.js'
import type { ConfigProblem } from '../config/config-problem.js'
import type { NodeConfig } from '../config/node-config.js'
import type { NodeOptions } from '../config/node-options.js'
import { CommloopError } from '../contracts/errors.js'
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
  readonly tally: NodeTally
  readonly events: EventHub
  readonly rejections: Rejections
  readonly links: NodeLinks
  readonly dispatch: Dispatch
  readonly inbox: Inbox
  readonly audit: Audit
  readonly listening: Listening
  readonly starting: Starting
  readonly reconfigurer: Reconfigurer
  readonly settling: Settling
  readonly stopping: Stopping
}

/**
 * One running commloop: the links of its table, the listener for accepted connections, and the router.
 *
 *     send ─▶ dispatch ─▶ router ─▶ delivery ─▶ outbox ─▶ codec ─▶ transport     one link each from the outbox on
 *     message ◀── inbox, listeners ◀── link reports ◀── link ◀── codec ◀── transport
 *
 * Made by `createNode`, which is the composition root.
 */
export class Node {
  readonly #parts: NodeParts
  // Fields of their own, because `send` runs for every message.
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
   * Listens and begins to dial. Resolves when the node listens, or if it does not have to; not when links are up.
   * @throws CommloopError CML_ERR_LISTEN, CML_ERR_NOT_RUNNING if the node was started before.
   */
  start(): Promise<void> {
    return this.#parts.starting.start()
  }

  /** Where the node listens: the real port, even if the configuration says 0. */
  get listening(): Address | undefined {
    return this.#state.listening
  }

  // ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Accepts one message, or throws and has accepted nothing. The node keeps the payload by reference until its outcome:
   * do not change it before that.
   * @returns false if a target, or the queue of messages that wait for a route, is above its high-water mark now: wait
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
   * Received messages with backpressure: while more of them wait than `iterator` allows, the node does not read their
   * links. Each call opens its own stream, which gets all messages and ends when the node has stopped.
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
      this.#parts.rejections.countsByText,
    )
  }

  /** Rejected connections by reason: the same numbers as `counters.rejected`, with the codes of the reasons. */
  get rejections(): readonly RejectionCount[] {
    return this.#parts.rejections.counts
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
   * Runs with other options from now on, without a stop. Links whose entries did not change keep their connections,
   * queues and counters, and emit no event. Entries are the same if their ids are. `plugins` are the node's own; the
   * plugins of an entry are in its options, and are the same if their `spec` is.
   *
   * The node checks everything first. If it is to listen at another address, it opens that first. So the change happens
   * completely or not at all. One at a time: a second call waits for the first. What each key does: `docs/reload.md`.
   *
   * With `relisten` the node also opens its listener again if `listen` did not change: the files that it names may have.
   *
   * @returns what happened to each link
   * @throws CommloopError CML_ERR_CONFIG_INVALID with every mistake, and with what cannot change while a node runs;
   * CML_ERR_LISTEN; CML_ERR_NOT_RUNNING. Then nothing has changed.
   */
  reconfigure(
    options: NodeOptions | NodeConfig,
    plugins: NewPlugins = {},
    { relisten = false }: { readonly relisten?: boolean } = {},
  ): Promise<Reconfiguration> {
    return this.#parts.reconfigurer.reconfigure(options, plugins, relisten)
  }

  /** The problems for which `reconfigure` would refuse these options now. Empty: none. */
  reconfigurationProblems(
    options: NodeOptions | NodeConfig,
    plugins: NewPlugins = {},
  ): ConfigProblem[] {
    return this.#parts.reconfigurer.problems(options, plugins)
  }

  // ── settling and stopping ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Waits until every accepted message has an outcome.
   * @returns false if the deadline came first. Without a deadline it waits as long as necessary.
   */
  settled(options: { readonly deadlineMs?: number } = {}): Promise<boolean> {
    return this.#parts.settling.settled(options.deadlineMs)
  }

  /**
   * Stops in order: accepts no message and no connection any more, writes the queues of links that are up, and ends each
   * with FIN. At the deadline it cuts the rest. Never rejects.
   */
  stop(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#parts.reconfigurer.abandon()
    return this.#parts.stopping.stop(options.deadlineMs ?? this.config.stopDeadlineMs)
  }
}
