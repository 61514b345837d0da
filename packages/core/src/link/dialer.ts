import type { ActiveEntryConfig } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Random } from '../contracts/random.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import type { Connection, ConnectionHandler, Dial, Transport } from '../contracts/transport.js'
import { foreignText } from '../text/safe-text.js'
import { DURATION_MS_MAX } from '../units/duration.js'
import { sameIp, parseIp } from '../address/ip-address.js'
import type { DialPermit, DialLimiter } from './dial-limiter.js'
import { failureReason } from './connection/connection.js'

/** What a strategy that answers no number is taken to have meant. */
const DELAY_MS_UNUSABLE = 30_000

/** The link whose connections a dialer opens. */
export interface DialOwner {
  /** A dial begins: the n-th since the last proof of life or (re-)arming. */
  dialing(event: 'start' | 'retryDue' | 'rearm'): void
  /** On probation the link is not up yet, and nothing is written. */
  opened(connection: Connection, probation: boolean): ConnectionHandler
  /** No connection for now. `delayMs` undefined: the strategy gave up, and `gaveUp` follows. */
  waiting(reason: string, attempt: number, delayMs: number | undefined): void
  /** No more dials by itself, or not before the time to re-arm. */
  gaveUp(reason: string, attempt: number): void
  warning(code: string, message: string, cause?: unknown): void
}

/** What a dialer needs of its node. */
export interface DialServices {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  readonly permits: DialLimiter
}

/** Dials one entry, and says when to dial again. */
export class Dialer {
  #entry: ActiveEntryConfig
  #strategy: ReconnectStrategy
  readonly #services: DialServices
  readonly #owner: DialOwner
  #attempt = 0
  #nextDialMs: number | undefined
  #timer: Timer | undefined
  #dial: Dial | undefined
  #permit: DialPermit | undefined
  #probation = false
  /** Another with each `begin` and `stop`. */
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
  }

  /** Whom to dial and when, from the next dial on. Nothing is known of a peer at another place. */
  reconfigure(entry: ActiveEntryConfig, strategy: ReconnectStrategy, elsewhere: boolean): void {
    this.#entry = entry
    this.#strategy = strategy
    if (elsewhere) this.#probation = false
  }

  /** Dials begun since the last proof of life or (re-)arming. */
  get attempt(): number {
    return this.#attempt
  }

  /** Waits for its turn to dial, or dials: until the connection is open or has failed. */
  get waits(): boolean {
    return this.#permit !== undefined
  }

  /** When the next dial is due, by the clock; undefined: none is. */
  get nextDialMs(): number | undefined {
    return this.#nextDialMs
  }

  /** Dials as soon as there is a permit. `start` and `rearm` begin a new count. */
  begin(event: 'start' | 'retryDue' | 'rearm'): void {
    this.#cancel()
    if (event !== 'retryDue') {
      this.#attempt = 0
      this.#probation = false
    }
    this.#permit = this.#services.permits.permit(() => {
      this.#permitted(event)
    })
    this.#permit.ask()
  }

  #permitted(event: 'start' | 'retryDue' | 'rearm'): void {
    const permit = this.#permit
    this.#attempt++
    this.#owner.dialing(event)
    // Whoever heard of it may have stopped this dialer, or made it begin anew.
    if (permit !== this.#permit) return
    const { host, port, bind, transportOptions, settings } = this.#entry
    this.#dial = this.#services.transport.dial(
      { ip: host, port, bind, timeoutMs: settings.connectTimeoutMs, options: transportOptions },
      {
        opened: (connection) => this.#opened(connection),
        failed: (error) => {
          this.#ended()
          this.failed(failureReason(error))
        },
      },
    )
  }

  #opened(connection: Connection): ConnectionHandler {
    this.#ended()
    if (isSelf(connection)) {
      connection.destroy()
      this.failed('connected to itself')
      return NOBODY
    }
    return this.#owner.opened(connection, this.#probation)
  }

  /** The dial is over, one way or the other. */
  #ended(): void {
    this.#dial = undefined
    this.#permit?.giveBack()
    this.#permit = undefined
  }

  /** The peer has shown that it wants us: the next loss is the first again. */
  proved(): void {
    this.#attempt = 0
    this.#probation = false
  }

  /** The connection is over. Without a proof of life the peer may be one that accepts everybody and hangs up. */
  lost(reason: string): void {
    if (this.#attempt > 0) this.#probation = true
    this.failed(reason)
  }

  /** There is no connection. */
  failed(reason: string): void {
    const round = this.#round
    const delayMs = this.#delayMs(this.#attempt + 1)
    // Whoever was asked may have stopped this dialer, or made it begin anew.
    if (round !== this.#round) return
    // The timer is set first: whoever hears of it may stop this dialer, or dial at once.
    if (delayMs !== undefined) this.#wait(delayMs, 'retryDue')
    else if (this.#entry.settings.rearmAfterMs > 0) {
      this.#wait(this.#entry.settings.rearmAfterMs, 'rearm')
    }
    this.#owner.waiting(reason, this.#attempt, delayMs)
    // Whoever heard of it may have made this dialer begin anew, and wait for a permit.
    if (delayMs === undefined && round === this.#round) this.#owner.gaveUp(reason, this.#attempt)
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
      this.#owner.warning(
        'STRATEGY_THREW',
        `the reconnect strategy threw: ${foreignText(error)}`,
        error,
      )
      return DELAY_MS_UNUSABLE
    }
    if (answer === undefined) return undefined
    const usable = typeof answer === 'number' && !Number.isNaN(answer)
    const delayMs = usable ? Math.min(Math.max(0, answer), DURATION_MS_MAX) : DELAY_MS_UNUSABLE
    if (delayMs !== answer) {
      const text = `the reconnect strategy answered ${foreignText(answer)}; ${String(delayMs)} ms is used`
      this.#owner.warning('STRATEGY_ANSWER', text)
    }
    return delayMs
  }

  /** Nothing comes of this dialer any more, until `begin`. */
  stop(): void {
    this.#cancel()
    this.#attempt = 0
  }

  #cancel(): void {
    this.#round++
    this.#timer?.cancel()
    this.#timer = undefined
    this.#nextDialMs = undefined
    this.#dial?.cancel()
    this.#ended()
  }
}

/** Both ends are one socket: the system gave a dial to a free local port that very port (simultaneous open). */
function isSelf(connection: Connection): boolean {
  const { local, remote } = connection.peer
  if (local.port !== remote.port) return false
  const left = parseIp(local.ip)
  const right = parseIp(remote.ip)
  return left !== undefined && right !== undefined && sameIp(left, right)
}

/** For a connection that was destroyed at birth. */
const NOBODY: ConnectionHandler = {
  received: () => undefined,
  written: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
}
