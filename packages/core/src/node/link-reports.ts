import type { Acceptor } from '../accept/acceptor.js'
import type { LinkChange, Outcome, ReceivedMessage } from '../contracts/node-events.js'
import type { OutboundMessage } from '../contracts/outbox.js'
import type { Reason } from '../contracts/reason.js'
import type { WarningCode } from '../contracts/warning.js'
import type { EventHub } from '../events/event-hub.js'
import type { NodeLog } from '../events/node-log.js'
import type { OutcomeReporter } from '../events/outcome-reporter.js'
import type { Warnings } from '../events/warnings.js'
import type { NodeTally } from '../ledger/node-counters.js'
import type { Link, LinkListener } from '../link/link.js'
import type { Inbox } from '../receive/inbox.js'
import type { Dispatch } from '../routing/dispatch.js'
import { isRequestCopy } from '../routing/request-copy.js'
import type { Requests } from '../routing/requests.js'
import type { NodeLinks } from './node-links.js'
import type { NodeState } from './node-state.js'
import type { Settling } from './settling.js'
import type { Stopping } from './stopping.js'

/** The parts of a node that receive the reports of links. */
export interface ReportReceivers {
  readonly state: NodeState
  readonly tally: NodeTally
  readonly events: EventHub
  readonly outcomes: OutcomeReporter
  readonly warnings: Warnings
  readonly log: NodeLog
  readonly inbox: Inbox
  readonly links: NodeLinks
  readonly dispatch: Dispatch
  readonly requests: Requests
  readonly acceptor: Acceptor
  readonly settling: Settling
  readonly stopping: Stopping
}

/** Receives the reports of links: emits the events, and calls the parts that act on them. */
export class LinkReports implements LinkListener {
  readonly #receivers: ReportReceivers
  // Separate fields, because `received` runs for every payload.
  readonly #state: NodeState
  readonly #events: EventHub
  readonly #inbox: Inbox
  readonly #requests: Requests

  constructor(receivers: ReportReceivers) {
    this.#receivers = receivers
    this.#state = receivers.state
    this.#events = receivers.events
    this.#inbox = receivers.inbox
    this.#requests = receivers.requests
  }

  // ── payloads ────────────────────────────────────────────────────────────────────────────────────────────────

  tapped(): boolean {
    return this.#events.trafficWatched
  }

  sent(link: Link, { payload, id }: OutboundMessage): void {
    const { epoch } = link
    const named = id === undefined || isRequestCopy(id) ? {} : { id }
    this.#events.emit('traffic', { direction: 'sent', payload, link: link.id, epoch, ...named })
  }

  received(link: Link, payload: Uint8Array, epoch: number): void {
    if (this.#events.trafficWatched) this.#emitReceived(link, payload, epoch)
    if (this.#requests.tracked > 0 && this.#requests.takes(link, payload, epoch)) return
    if (this.#events.messageWatched || this.#inbox.hasStreams) this.#handOver(link, payload, epoch)
    else if (!this.#state.relay) this.#receivers.tally.unhandled++
    if (this.#state.relay) this.#relay(link, payload, epoch)
  }

  #handOver(link: Link, payload: Uint8Array, epoch: number): void {
    const message: ReceivedMessage = { payload, link: link.id, epoch }
    if (this.#inbox.hasStreams) this.#inbox.push(message, link)
    if (this.#events.messageWatched) this.#events.emitMessage(message)
  }

  #emitReceived({ id }: Link, payload: Uint8Array, epoch: number): void {
    this.#events.emit('traffic', { direction: 'received', payload, link: id, epoch })
  }

  #relay(link: Link, payload: Uint8Array, epoch: number): void {
    const { dispatch, tally } = this.#receivers
    if (this.#state.phase === 'running') dispatch.relay(payload, link, epoch)
    else tally.refused++
  }

  // ── copies and the queue ────────────────────────────────────────────────────────────────────────────────────

  begun(id: string): void {
    if (isRequestCopy(id)) this.#requests.copyBegun(id)
  }

  ended(outcome: Outcome, reason: Reason | undefined, link: Link, id: string | undefined): void {
    if (id !== undefined && isRequestCopy(id)) {
      this.#requests.copyEnded(id, outcome, reason)
      return
    }
    this.#receivers.outcomes.ended(outcome, reason, link.id, id)
  }

  belowMark(link: Link): void {
    // Emitted first: a relay that reads again may fill the queue immediately.
    this.#events.emit('drain', { link: link.id })
    this.#receivers.dispatch.drained(link)
  }

  queueEmpty(link: Link): void {
    const { settling, stopping, links } = this.#receivers
    settling.check()
    if (link.state !== 'draining') return
    if (links.retired.has(link)) links.retired.emptied(link)
    else stopping.finishDrained([link])
  }

  // ── the state of the link ───────────────────────────────────────────────────────────────────────────────────

  changed(link: Link, bare: LinkChange): void {
    const { log, acceptor, links, stopping } = this.#receivers
    const { state } = bare
    const change = state === 'up' ? this.#withWay(link, bare) : bare
    this.#requests.linkChanged(link, state, bare.reason)
    log.changed(link.entry.id, change)
    this.#events.emit('link', change)
    // After the event: a newcomer that challenges the link may fill it immediately, which is the next event.
    if (state === 'awaiting') acceptor.vacated(link)
    if (state !== 'closed') return
    if (links.retired.has(link)) this.#removed(link)
    stopping.check()
  }

  /** How the peer came. A node with one listener need not name it. */
  #withWay({ connection }: Link, change: LinkChange): LinkChange {
    const { proxy, listener } = connection?.peer ?? {}
    const isOnly = this.#state.setup.config.listeners.length < 2
    if (proxy === undefined && (isOnly || listener === undefined)) return change
    return {
      ...change,
      ...(proxy === undefined ? {} : { proxy }),
      ...(isOnly || listener === undefined ? {} : { listener: listener.name }),
    }
  }

  #removed(link: Link): void {
    const { links, settling } = this.#receivers
    links.closed(link)
    // The table may have a new link with the same id, which waits until this one is closed.
    if (this.#state.phase === 'running') links.table.link(link.id)?.start()
    settling.check()
  }

  warning(code: WarningCode, message: string, cause?: unknown): void {
    this.#receivers.warnings.warn(code, message, cause)
  }
}
