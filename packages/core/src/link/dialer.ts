import type { ActiveEntryConfig } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { LinkChange } from '../contracts/node-events.js'
import type { Random } from '../contracts/random.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import type { Reason } from '../contracts/reason.js'
import type { LinkState } from '../contracts/send-router.js'
import type {
  Connection,
  ConnectionHandler,
  Dial,
  DialTarget,
  Transport,
} from '../contracts/transport.js'
import type { WarningCode } from '../contracts/warning.js'
import { foreignText } from '../text/safe-text.js'
import { DURATION_MS_MAX } from '../units/duration.js'
import { sameIp, parseIp } from '../address/ip-address.js'
import { AddressRotation } from './address-rotation.js'
import { FailBack } from './fail-back.js'
import type { DialLane, DialLimiter, DialPermit, DialTurn } from './dial-limiter.js'
import type { LinkTally } from '../ledger/link-counters.js'
import { failureReason } from './connection/failure-reason.js'
import { missingSource, sourceDelayMs } from './missing-source.js'
import type { LinkEvent } from './link-state.js'

/** The delay if the strategy throws or does not return a number. */
const DELAY_MS_UNUSABLE = 30_000

/** The link whose connections a dialer opens. */
export interface DialOwner {
  readonly id: string
  readonly state: LinkState
  readonly queue: { readonly tally: LinkTally }
  /** The present connection. */
  readonly connection: { finish(reason: Reason): void } | undefined
  /** The dial changes the state of the link. A listener may stop this dialer, or dial, before this returns. */
  transition(event: DialEvent, reason: Reason | undefined, details: DialDetails): void
  /** A connection is open. On probation the link is not up yet, and nothing is written. */
  opened(connection: Connection, probation: boolean): ConnectionHandler
}

/** The events in a link's life that its dialer causes. */
export type DialEvent = Extract<
  LinkEvent,
  'start' | 'retryDue' | 'rearm' | 'failed' | 'lost' | 'gaveUp'
>
export type DialDetails = Pick<LinkChange, 'attempt' | 'delayMs'>

/** What a dialer needs of its node. */
export interface DialServices {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  readonly permits: DialLimiter
  readonly listener: { warning(code: WarningCode, message: string, cause?: unknown): void }
}

const SELF_CONNECTION: Reason = { code: 'self-connection' }
const FAIL_BACK: Reason = { code: 'fail-back' }
const GAVE_WAY: Reason = { code: 'gave-way' }

/** Dials the peer of one link, and decides when to dial again. */
export class Dialer {
  #entry: ActiveEntryConfig
  #strategy: ReconnectStrategy
  readonly #services: DialServices
  readonly #owner: DialOwner
  readonly #rotation: AddressRotation
  readonly #failBack: FailBack
  #attempt = 0
  #nextDialMs: number | undefined
  #timer: Timer | undefined
  #dial: Dial | undefined
  #permit: DialPermit | undefined
  /** For the next dial: how the last one to this peer ended. */
  #lane: DialLane = 'unknown'
  #probation = false
  /** The last dial failed because this machine does not have the address of `bind`. */
  #sourceIsMissing = false
  /** Changes with each `begin` and `stop`, so that code that has called out can detect them. */
  #round = 0

  constructor(
    entry: ActiveEntryConfig,
    strategy: ReconnectStrategy,
    services: DialServices,
    owner: DialOwner,
  ) {
    this.#entry = entry
    this.#strategy = strategy
    this.#services = services
    this.#owner = owner
    this.#rotation = new AddressRotation(entry.hosts, entry.settings.addressOrder)
    this.#failBack = new FailBack(services.clock, () => {
      owner.connection?.finish(FAIL_BACK)
    })
  }

  /** Takes effect with the next dial. `elsewhere`: the address has changed, so a new peer must give a proof of life. */
  reconfigure(entry: ActiveEntryConfig, strategy: ReconnectStrategy, elsewhere: boolean): void {
    this.#entry = entry
    this.#strategy = strategy
    if (elsewhere) {
      this.#probation = false
      this.#lane = 'unknown'
    }
    this.#rotation.reconfigure(entry.hosts, entry.settings.addressOrder, elsewhere)
    this.#failBack.change(this.#failBackMs)
  }

  /** Dials begun since the last proof of life or (re-)arming. */
  get attempt(): number {
    return this.#attempt
  }

  /** Waits for its turn to dial, or dials, until the connection is open or has failed. */
  get waits(): boolean {
    return this.#permit !== undefined
  }

  /** The place of this link among those that wait for their turn to dial; undefined: it does not wait for a turn. */
  get turn(): DialTurn | undefined {
    return this.#permit?.turn
  }

  /** When the next dial is due, by the clock; undefined: no dial is planned. */
  get nextDialMs(): number | undefined {
    return this.#nextDialMs
  }

  /** The address that is being dialled, or with which the next dial begins; a name until it is looked up. */
  get address(): string {
    return this.#dial === undefined ? this.#rotation.upcoming : this.#rotation.present
  }

  /** Dials as soon as there is a permit. `start` and `rearm` begin a new count. `urgent`: before links that may wait. */
  begin(event: 'start' | 'retryDue' | 'rearm', urgent = false): void {
    this.#cancel()
    if (event !== 'retryDue') {
      this.#attempt = 0
      this.#probation = false
    }
    this.#permit = this.#services.permits.permit(urgent ? 'first' : this.#lane, {
      granted: () => {
        this.#permitted(event)
      },
      gaveWay: () => {
        this.#gaveWay()
      },
    })
    this.#permit.ask()
  }

  /** Dials before links that may wait, if this one waits for its turn. */
  hurry(): void {
    this.#permit?.hurry()
  }

  #permitted(event: 'start' | 'retryDue' | 'rearm'): void {
    const permit = this.#permit
    this.#attempt++
    this.#owner.queue.tally.dials++
    this.#owner.transition(event, undefined, { attempt: this.#attempt })
    // A listener may have stopped this dialer, or made it begin again.
    if (permit !== this.#permit) return
    this.#dial = this.#services.transport.dial(this.#target(), {
      opened: (connection) => this.#opened(connection),
      failed: (error) => {
        this.#dialFailed()
        const missing = missingSource(this.#entry.bind, error)
        this.#sourceIsMissing = missing !== undefined
        // The peer was not asked, so this is not one of the attempts after which the link gives up.
        if (missing !== undefined) this.#attempt--
        this.failed(missing ?? failureReason('dial-failed', error))
        this.#sourceIsMissing = false
      },
      trying: (address) => {
        this.#rotation.trying(address)
      },
    })
  }

  #target(): DialTarget {
    const { port, bind, bindPort, transportOptions, settings } = this.#entry
    return {
      ip: this.#rotation.begin(),
      port,
      bind,
      bindPort,
      timeoutMs: settings.connectTimeoutMs,
      options: transportOptions,
      order: (addresses) => this.#rotation.ordered(addresses),
    }
  }

  #dialFailed(): void {
    this.#lane = this.#permit?.isSlow === true ? 'slow' : 'first'
    this.#rotation.failed()
    this.#ended()
  }

  /** The peer has not had its whole time, so this is not one of the attempts after which the link gives up. */
  #gaveWay(): void {
    this.#dial?.cancel()
    this.#attempt--
    this.#lane = 'slow'
    this.#rotation.failed()
    this.#ended()
    this.failed(GAVE_WAY)
  }

  #opened(connection: Connection): ConnectionHandler {
    this.#lane = 'first'
    this.#ended()
    if (isSelf(connection)) {
      connection.destroy()
      this.#rotation.failed()
      this.failed(SELF_CONNECTION)
      return IGNORED
    }
    return this.#owner.opened(connection, this.#probation)
  }

  /** The dial has ended, with or without success. */
  #ended(): void {
    this.#dial = undefined
    this.#permit?.giveBack()
    this.#permit = undefined
  }

  /** Proof of life: the next failure counts as the first. */
  proved(): void {
    this.#attempt = 0
    this.#probation = false
    this.#rotation.proved()
    this.#failBack.proved(this.#failBackMs)
  }

  /** How long the link stays with an address that is not the first; 0: until the connection ends. */
  get #failBackMs(): number {
    return this.#rotation.isElsewhere ? this.#entry.settings.failBackMs : 0
  }

  /** The connection has ended. Without a proof of life, the peer may accept every connection and close it. */
  lost(reason: Reason): void {
    this.#failBack.stop()
    if (this.#attempt > 0) {
      this.#probation = true
      this.#rotation.failed()
    }
    this.failed(reason)
  }

  /** There is no connection. */
  failed(reason: Reason): void {
    const round = this.#round
    const delayMs = this.#delayMs(this.#attempt + 1)
    // The strategy may have stopped this dialer, or made it begin again.
    if (round !== this.#round) return
    // The timer is set first: a listener may stop this dialer, or dial.
    if (delayMs !== undefined) this.#wait(delayMs, 'retryDue')
    else if (this.#entry.settings.rearmAfterMs > 0) {
      this.#wait(this.#entry.settings.rearmAfterMs, 'rearm')
    }
    this.#report(reason, this.#attempt, delayMs)
  }

  /** Dials immediately instead of waiting until the next dial is due. Only without a connection. */
  redial(reason: Reason): void {
    this.stop()
    this.#report(reason, 0, 0)
    // A listener may have disabled the link, or dialled already.
    if (this.#owner.state === 'backoff') this.begin('retryDue')
  }

  /** @param delayMs until the next dial; undefined: the strategy has given up */
  #report(reason: Reason, attempt: number, delayMs: number | undefined): void {
    if (delayMs === undefined) this.#owner.transition('gaveUp', reason, { attempt })
    else {
      const event = this.#owner.state === 'dialing' ? 'failed' : 'lost'
      this.#owner.transition(event, reason, { attempt, delayMs })
    }
  }

  #wait(delayMs: number, event: 'retryDue' | 'rearm'): void {
    const { clock } = this.#services
    this.#nextDialMs = clock.now() + delayMs
    this.#timer = clock.after(delayMs, () => {
      this.begin(event)
    })
  }

  #delayMs(attempt: number): number | undefined {
    let answer: number | undefined
    try {
      answer = this.#strategy.delayMs(attempt, this.#services.random)
    } catch (error) {
      this.#warn('STRATEGY_THREW', `the reconnect strategy threw: ${foreignText(error)}`, error)
      return DELAY_MS_UNUSABLE
    }
    if (this.#sourceIsMissing) return sourceDelayMs(answer)
    if (answer === undefined) return undefined
    const usable = typeof answer === 'number' && !Number.isNaN(answer)
    const delayMs = usable ? Math.min(Math.max(0, answer), DURATION_MS_MAX) : DELAY_MS_UNUSABLE
    if (delayMs !== answer) {
      const text = `the reconnect strategy answered ${foreignText(answer)}; ${String(delayMs)} ms is used`
      this.#warn('STRATEGY_ANSWER', text)
    }
    return delayMs
  }

  #warn(code: WarningCode, message: string, cause?: unknown): void {
    this.#services.listener.warning(code, `${this.#owner.id}: ${message}`, cause)
  }

  /** Stops dialling, and cancels every timer, until `begin`. */
  stop(): void {
    this.#cancel()
    this.#attempt = 0
  }

  #cancel(): void {
    this.#round++
    this.#timer?.cancel()
    this.#timer = undefined
    this.#nextDialMs = undefined
    this.#failBack.stop()
    this.#dial?.cancel()
    this.#ended()
  }
}

/** Both ends are one socket: the system dialled a free local port from that very port (simultaneous open). */
function isSelf(connection: Connection): boolean {
  const { local, remote } = connection.peer
  if (local.port !== remote.port) return false
  const left = parseIp(local.ip)
  const right = parseIp(remote.ip)
  return left !== undefined && right !== undefined && sameIp(left, right)
}

/** Handles a connection that was destroyed as soon as it was open. */
const IGNORED: ConnectionHandler = {
  received: () => undefined,
  written: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
}
