import { AcceptGroups } from '../accept/accept-groups.js'
import type { Acceptor } from '../accept/acceptor.js'
import type { Listening } from '../accept/listening.js'
import type { PeerNames } from '../accept/peer-names.js'
import type { Audit, AuditOptions } from '../audit/audit.js'
import type { ConfigProblem } from '../config/config-problem.js'
import { peerNamesOf } from '../config/peer-match.js'
import type { EntryConfig, NodeConfig } from '../config/node-config.js'
import type { NodeOptions } from '../config/node-options.js'
import { problemsError } from '../config/resolve-config.js'
import type { Clock } from '../contracts/clock.js'
import { CommloopError } from '../contracts/errors.js'
import type { Link } from '../link/link.js'
import type { LinkFactory } from '../link/link-factory.js'
import type { Inbox } from '../receive/inbox.js'
import type { StreamLimits } from '../receive/message-stream.js'
import type { Dispatch, DispatchSetup } from '../routing/dispatch.js'
import { inSlices, SlicedWork } from '../turns/sliced-work.js'
import { allSteps, type Steps } from '../turns/steps.js'
import { LinkChanges } from './link-changes.js'
import type { NodeLinks } from './node-links.js'
import type { NodePhase, NodeState } from './node-state.js'
import {
  changedNodeKeys,
  isReordered,
  type NewPlugins,
  type Reconfiguration,
} from './reconfiguration.js'
import {
  payloadBytesMax,
  type ReconfigurationPlan,
  reconfigurationPlan,
} from './reconfiguration-plan.js'
import { listenError } from './starting.js'
import { type TableChange, tableChange } from './table-change.js'

/** The parts of a node that a reconfiguration changes. */
export interface ReconfiguredParts {
  readonly clock: Clock
  readonly state: NodeState
  readonly links: NodeLinks
  readonly factory: LinkFactory
  readonly inbox: Inbox
  readonly dispatch: Dispatch
  readonly acceptor: Acceptor
  readonly names: PeerNames
  readonly listening: Listening
  readonly audit: Audit
}

/** A reconfiguration that is still pending. */
interface PendingReconfiguration {
  readonly options: NodeOptions | NodeConfig
  readonly plugins: NewPlugins
  readonly relisten: boolean
  resolve(result: Reconfiguration): void
  reject(error: unknown): void
}

/** A plan without problems, and the table to which it leads. */
interface ReadyPlan {
  readonly plan: ReconfigurationPlan
  readonly change: TableChange
}

/**
 * Changes the configuration of a running node. One reconfiguration at a time; the others wait in a queue.
 *
 *     plan, in slices ─▶ move the listeners ─▶ take the table, at once ─▶ change single links, in slices
 *     without effect      or reject               for all to see           as `LinkChanges` says
 */
export class Reconfigurer {
  readonly #parts: ReconfiguredParts
  readonly #queue: PendingReconfiguration[] = []
  /** The plan of the first of the queue. */
  #planning: SlicedWork<ReadyPlan> | undefined
  /** The node has taken the table of the first of the queue, and its links are being changed. */
  #changing: SlicedWork<Omit<Reconfiguration, 'node'>> | undefined
  #abandoned = false

  constructor(parts: ReconfiguredParts) {
    this.#parts = parts
  }

  /** For a new node, before it starts. */
  makeFirstTable(): void {
    const { state, links, factory, clock, dispatch, audit } = this.#parts
    const { config } = state.setup
    links.take(allSteps(tableChange(links, NO_SETUP, state, factory, clock)))
    dispatch.reconfigure(dispatchSetup(state, links))
    this.#admit()
    audit.reconfigure(links.table.links, auditOptions(config))
  }

  /** Which peers may connect, by the present table. */
  #admit(): void {
    const { state, names } = this.#parts
    const { config } = state.setup
    names.reconfigure(peerNamesOf(config.entries), config.resolveEveryMs)
    this.regroup()
  }

  /** The table or the addresses of its names have changed. */
  regroup(): void {
    const { state, links, acceptor, names } = this.#parts
    const { probes } = state.setup.config
    // A link may not have its new entry yet.
    const entryOf = ({ entry }: Link): EntryConfig => state.specs.get(entry.id)?.entry ?? entry
    acceptor.regroup(new AcceptGroups(links.table.links, names, probes, entryOf))
  }

  reconfigure(
    options: NodeOptions | NodeConfig,
    plugins: NewPlugins,
    relisten: boolean,
  ): Promise<Reconfiguration> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ options, plugins, relisten, resolve, reject })
      if (this.#queue.length === 1) this.#next()
    })
  }

  problems(options: NodeOptions | NodeConfig, plugins: NewPlugins): ConfigProblem[] {
    return allSteps(reconfigurationPlan(this.#parts.state, options, plugins, false)).problems
  }

  /** The same, without keeping the event loop. */
  async problemsInSlices(
    options: NodeOptions | NodeConfig,
    plugins: NewPlugins,
  ): Promise<ConfigProblem[]> {
    const { state, clock } = this.#parts
    const plan = await inSlices(clock, reconfigurationPlan(state, options, plugins, false))
    return plan.problems
  }

  /**
   * The node stops: rejects the pending reconfigurations. If the node has taken the new table, the change is completed at
   * once. One of its listeners may have stopped the node; then the rest follows that listener.
   */
  abandon(): void {
    this.#abandoned = true
    this.#planning?.cancel()
    const notBegun = this.#queue.splice(this.#changing === undefined ? 0 : 1)
    for (const pending of notBegun) pending.reject(notRunning('stopping'))
    this.#changing?.hurry()
  }

  #next(): void {
    const [pending] = this.#queue
    if (pending === undefined) return
    const { state, clock } = this.#parts
    if (state.phase !== 'running') {
      this.#settled(pending, () => {
        pending.reject(notRunning(state.phase))
      })
      return
    }
    this.#planning = new SlicedWork(clock, this.#plan(pending), (end) => {
      this.#planning = undefined
      if (end.ok) this.#moveListening(pending, end.result)
      else {
        this.#settled(pending, () => {
          pending.reject(end.error)
        })
      }
    })
    this.#planning.begin()
  }

  /** @throws CommloopError for the problems of the plan */
  *#plan({ options, plugins, relisten }: PendingReconfiguration): Steps<ReadyPlan> {
    const { state, links, factory, clock } = this.#parts
    const plan = yield* reconfigurationPlan(state, options, plugins, relisten)
    const error = problemsError(plan.problems)
    if (error !== undefined) throw error
    return { plan, change: yield* tableChange(links, state, plan, factory, clock) }
  }

  #moveListening(pending: PendingReconfiguration, ready: ReadyPlan): void {
    const { plan } = ready
    if (plan.relisten === 'none') {
      this.#take(pending, ready)
      return
    }
    const { listeners } = plan.setup.config
    this.#parts.listening.move(listeners, plan.relisten === 'all', (failure) => {
      if (failure === undefined) this.#take(pending, ready)
      else {
        this.#settled(pending, () => {
          pending.reject(listenError(failure))
        })
      }
    })
  }

  /** Nothing can fail from here on. The node takes the new table, and then changes one link after the other. */
  #take(pending: PendingReconfiguration, { plan, change }: ReadyPlan): void {
    if (this.#abandoned) return
    const { state, links, clock, acceptor } = this.#parts
    const before = { setup: state.setup, table: links.table }
    const changes = new LinkChanges(state, links, change)
    const node = changedNodeKeys(before.setup, plan.setup)
    if (plan.relisten !== 'none') node.unshift('listen')
    if (isReordered(before.table.links, change.after.links)) node.push('links')
    const work = new SlicedWork(clock, changes.steps(), (end) => {
      this.#changing = undefined
      acceptor.prepare = undefined
      this.#settled(pending, () => {
        if (end.ok) pending.resolve({ ...end.result, node })
        else pending.reject(end.error)
      })
    })
    this.#changing = work
    acceptor.prepare = (wanted) => {
      changes.applyTo(wanted)
    }
    this.#use(plan, change)
    work.begin()
  }

  #use(plan: ReconfigurationPlan, change: TableChange): void {
    const { state, links, factory, inbox, dispatch, audit } = this.#parts
    const { config } = plan.setup
    state.use(plan)
    factory.dialsMax = config.dialsMax
    links.take(change)
    inbox.limit(streamLimits(config))
    dispatch.reconfigure(dispatchSetup(state, links))
    audit.reconfigure(links.table.links, auditOptions(config))
    this.#admit()
  }

  #settled(pending: PendingReconfiguration, end: () => void): void {
    end()
    // Removed only now: a reconfiguration that a listener asks for waits until this one is complete.
    if (this.#queue[0] === pending) this.#queue.shift()
    this.#next()
  }
}

/** Before the first table. */
const NO_SETUP: Pick<NodeState, 'specs'> = { specs: new Map() }

export function dispatchSetup({ setup, specs }: NodeState, links: NodeLinks): DispatchSetup {
  const { config, router } = setup
  return {
    router,
    table: links.table,
    views: links.views,
    payloadBytesMax: payloadBytesMax(specs),
    limits: {
      messagesMax: config.routingMessagesMax,
      bytesMax: config.routingBytesMax,
      routerTimeoutMs: config.routerTimeoutMs,
      deferMsMax: config.deferMsMax,
    },
  }
}

export function streamLimits(config: NodeConfig): StreamLimits {
  return { messagesMax: config.iteratorMessagesMax, bytesMax: config.iteratorBytesMax }
}

export function auditOptions(config: NodeConfig): AuditOptions {
  return { everyMs: config.auditEveryMs, graceMs: config.auditGraceMs }
}

function notRunning(phase: NodePhase): CommloopError {
  return new CommloopError('CML_ERR_NOT_RUNNING', `the node is ${phase}`)
}
