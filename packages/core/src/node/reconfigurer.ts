import { AcceptGroups } from '../accept/accept-groups.js'
import type { Acceptor } from '../accept/acceptor.js'
import type { Listening } from '../accept/listening.js'
import type { PeerNames } from '../accept/peer-names.js'
import type { Audit, AuditOptions } from '../audit/audit.js'
import type { ConfigProblem } from '../config/config-problem.js'
import { peerNamesOf } from '../config/peer-match.js'
import type { NodeConfig } from '../config/node-config.js'
import type { NodeOptions } from '../config/node-options.js'
import { problemsError } from '../config/resolve-config.js'
import { CommloopError } from '../contracts/errors.js'
import type { Link, SpecChange } from '../link/link.js'
import type { LinkFactory } from '../link/link-factory.js'
import type { LinkSpec } from '../link/link-spec.js'
import type { Inbox } from '../receive/inbox.js'
import type { StreamLimits } from '../receive/message-stream.js'
import type { Dispatch, DispatchSetup } from '../routing/dispatch.js'
import type { Table } from '../table/table.js'
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
  reconfigurationPlanOf,
} from './reconfiguration-plan.js'
import { listenError } from './starting.js'

/** The parts of a node that a reconfiguration changes. */
export interface ReconfiguredParts {
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

/** Changes the configuration of a running node. One reconfiguration at a time; the others wait in a queue. */
export class Reconfigurer {
  readonly #parts: ReconfiguredParts
  readonly #queue: PendingReconfiguration[] = []
  /** The first of the queue is changing the node at this moment. */
  #changing = false

  constructor(parts: ReconfiguredParts) {
    this.#parts = parts
  }

  /** For a new node, before it starts. */
  makeFirstTable(): void {
    const { state, links, factory, dispatch, audit } = this.#parts
    const { config } = state.setup
    links.makeTable(config.entries, state.specs, factory)
    dispatch.reconfigure(dispatchSetup(state, links))
    this.#admit(config)
    audit.reconfigure(links.table.links, auditOptions(config))
  }

  /** Which peers may connect, by the present table. */
  #admit(config: NodeConfig): void {
    const { links, acceptor, names } = this.#parts
    names.reconfigure(peerNamesOf(config.entries), config.resolveEveryMs)
    acceptor.regroup(new AcceptGroups(links.table.links, names, config.probes))
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
    return reconfigurationPlanOf(this.#parts.state, options, plugins, false).problems
  }

  /**
   * The node stops: rejects the pending reconfigurations. A change that has begun is completed, because one of its
   * listeners may have stopped the node.
   */
  abandon(): void {
    const notBegun = this.#queue.splice(this.#changing ? 1 : 0)
    for (const pending of notBegun) pending.reject(notRunning('stopping'))
  }

  #next(): void {
    const [pending] = this.#queue
    if (pending === undefined) return
    const settle = (end: () => void): void => {
      end()
      // Removed only now: a reconfiguration that a listener asks for waits until this one is complete.
      if (this.#queue[0] === pending) this.#queue.shift()
      this.#next()
    }
    const plan = this.#checkedPlan(pending)
    if (plan instanceof CommloopError) {
      settle(() => {
        pending.reject(plan)
      })
      return
    }
    this.#moveListening(plan, (error) => {
      settle(() => {
        if (error === undefined) this.#complete(pending, plan)
        else pending.reject(error)
      })
    })
  }

  #checkedPlan({
    options,
    plugins,
    relisten,
  }: PendingReconfiguration): ReconfigurationPlan | CommloopError {
    const { state } = this.#parts
    if (state.phase !== 'running') return notRunning(state.phase)
    const plan = reconfigurationPlanOf(state, options, plugins, relisten)
    return problemsError(plan.problems) ?? plan
  }

  #moveListening(plan: ReconfigurationPlan, moved: (error: Error | undefined) => void): void {
    if (plan.relisten === 'none') {
      moved(undefined)
      return
    }
    const { listeners } = plan.setup.config
    this.#parts.listening.move(listeners, plan.relisten === 'all', (failure) => {
      moved(failure === undefined ? undefined : listenError(failure))
    })
  }

  #complete(pending: PendingReconfiguration, plan: ReconfigurationPlan): void {
    this.#changing = true
    pending.resolve(this.#change(plan))
    this.#changing = false
  }

  /** Nothing can fail from here on. All state changes before the first event. */
  #change(plan: ReconfigurationPlan): Reconfiguration {
    const { state, links, factory, inbox, dispatch, audit } = this.#parts
    const before = { setup: state.setup, table: links.table }
    const { config } = plan.setup
    state.use(plan)
    factory.dialsMax = config.dialsMax
    links.makeTable(config.entries, plan.specs, factory)
    inbox.limit(streamLimits(config))
    dispatch.reconfigure(dispatchSetup(state, links))
    const node = changedNodeKeys(before.setup, plan.setup)
    if (plan.relisten !== 'none') node.unshift('listen')
    if (isReordered(before.table.links, links.table.links)) node.push('links')
    const changed = this.#changeLinks(before.table, links.table, plan.specs)
    this.#admit(config)
    audit.reconfigure(links.table.links, auditOptions(config))
    return { ...changed, node }
  }

  /** Removes before it adds: an entry that changes its role keeps its id. */
  #changeLinks(
    before: Table,
    after: Table,
    specs: ReadonlyMap<string, LinkSpec>,
  ): Omit<Reconfiguration, 'node'> {
    const { state, links } = this.#parts
    const kept = new Set(after.links)
    const old = new Set(before.links)
    const removed = before.links.filter((link) => !kept.has(link))
    const added = after.links.filter((link) => !old.has(link))
    links.retired.retire(removed, state.setup.config.stopDeadlineMs)
    const fate = { reconnected: [] as string[], changed: [] as string[], unchanged: [] as string[] }
    for (const link of after.links) {
      if (old.has(link)) fate[this.#changeLink(link, specs.get(link.entry.id))].push(link.id)
    }
    for (const link of added) {
      // A link that replaces one with the same id starts when that one is closed.
      if (state.phase === 'running' && !links.retired.hasId(link.id)) link.start()
    }
    return { added: added.map(({ id }) => id), removed: removed.map(({ id }) => id), ...fate }
  }

  #changeLink(link: Link, spec: LinkSpec | undefined): SpecChange {
    if (spec === undefined) throw new Error(`node: link ${link.id} has no setup`)
    return link.reconfigure(spec, this.#parts.state.setup.config.stopDeadlineMs)
  }
}

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
