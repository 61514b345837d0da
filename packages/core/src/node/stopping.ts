import type { Acceptor } from '../accept/acceptor.js'
import type { PeerNames } from '../accept/peer-names.js'
import type { Listening } from '../accept/listening.js'
import type { Audit } from '../audit/audit.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Logger } from '../contracts/logger.js'
import type { Reason } from '../contracts/reason.js'
import { type NodeTally, nodeCounters } from '../ledger/node-counters.js'
import type { Rejections } from '../accept/rejections.js'
import type { Link } from '../link/link.js'
import type { Dispatch } from '../routing/dispatch.js'
import type { Requests } from '../routing/requests.js'
import { timerMs } from '../units/duration.js'
import type { NodeLinks } from './node-links.js'
import type { NodeState } from './node-state.js'
import type { Starting } from './starting.js'

const STOPPED: Reason = { code: 'stopped' }

/** The parts of a node that end when it stops. */
export interface StoppingParts {
  readonly state: NodeState
  readonly clock: Clock
  readonly logger: Logger
  readonly tally: NodeTally
  readonly links: NodeLinks
  readonly dispatch: Dispatch
  readonly requests: Requests
  readonly acceptor: Acceptor
  readonly names: PeerNames
  readonly listening: Listening
  readonly audit: Audit
  readonly rejections: Rejections
  readonly starting: Starting
  /** Closed last, in this order: they may still have something to report. */
  readonly reporters: readonly { close(): void }[]
}

/** Stops a node gracefully, and resets the connections that are left at the deadline. */
export class Stopping {
  readonly #parts: StoppingParts
  #stopped: Promise<void> | undefined
  #underWay: { readonly timer: Timer; readonly resolve: () => void } | undefined

  constructor(parts: StoppingParts) {
    this.#parts = parts
  }

  stop(deadlineMs: number): Promise<void> {
    if (this.#stopped !== undefined) return this.#stopped
    let resolve = (): void => undefined
    // Set before the stop begins: a listener of its events may call `stop` again.
    this.#stopped = new Promise((resolved) => {
      resolve = resolved
    })
    this.#begin(deadlineMs, resolve)
    return this.#stopped
  }

  #begin(deadlineMs: number, resolve: () => void): void {
    const { state, clock, acceptor, names, listening, audit, dispatch, links } = this.#parts
    state.phase = 'stopping'
    acceptor.close()
    names.stop()
    listening.close()
    audit.stop()
    dispatch.dropDeferred(STOPPED)
    const timer = clock.after(timerMs(deadlineMs), () => {
      this.#cut()
    })
    this.#underWay = { timer, resolve }
    for (const link of links.present) link.stop(STOPPED)
    this.check()
  }

  /** No message waits for a route any more: links that are up and empty may end. */
  routed(): void {
    this.finishDrained(this.#parts.links.table.links)
  }

  /** Ends links that are up and empty, unless a pending answer of the router may still add to their queues. */
  finishDrained(links: readonly Link[]): void {
    const { state, dispatch } = this.#parts
    if (state.phase !== 'stopping' || dispatch.routing > 0) return
    for (const link of links) {
      const empty = link.queue.outbox.level.messages === 0
      if (empty && link.state === 'draining') link.connection?.finish(STOPPED)
    }
  }

  #cut(): void {
    const { dispatch, links } = this.#parts
    dispatch.dropAll(STOPPED)
    for (const link of links.present) link.connection?.abort(STOPPED)
  }

  /** A link is closed. If all are closed: reports what the throttles hold back, and cancels every timer. */
  check(): void {
    const underWay = this.#underWay
    const { state, tally, links, dispatch, requests, starting, reporters } = this.#parts
    if (underWay === undefined) return
    if (!links.present.every((link) => link.state === 'closed')) return
    this.#underWay = undefined
    underWay.timer.cancel()
    dispatch.dropAll(STOPPED)
    state.phase = 'stopped'
    for (const reporter of reporters) reporter.close()
    starting.stopped()
    const { countsByText } = this.#parts.rejections
    const counters = nodeCounters(tally, dispatch.routing, requests.counters, countsByText)
    this.#parts.logger.info({ counters }, 'stopped')
    underWay.resolve()
  }
}
