import type { LinkSettings } from '../config/node-config.js'
import { sameValue } from '../config/same-value.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Reason } from '../contracts/reason.js'
import { FairTimer } from '../timing/fair-timer.js'
import { durationText } from '../units/duration.js'

/**
 * Why a link with an open connection is not up yet, and writes no messages:
 *
 * - `probation`: the last connection ended without proof of life, so this one must stay open for `probation`.
 * - `stable`: `ready: stable`; the connection must stay open for `stableAfter`.
 * - `frame`: `ready: frame`; the peer must send a frame.
 * - `opening`: the link has an opening, which must say that messages may pass.
 *
 * A whole frame of the peer ends every wait but the last, because it proves more than an open connection.
 */
export type ReadyWaitKind = 'probation' | 'stable' | 'frame' | 'opening'

export interface ReadyWait {
  readonly for: ReadyWaitKind
  /** How long the wait lasts at most, in milliseconds; 0: there is no limit. */
  readonly ms: number
  /** The connection opened on probation, whatever `ready` is. */
  readonly probation: boolean
}

/** A connection that is open, and perhaps not ready. */
export interface WaitingConnection {
  readonly onProbation: boolean
  readonly conversation: { readonly progress?: string | undefined } | undefined
  abort(reason: Reason): void
}

/** The link whose connection waits. */
export interface ReadinessOwner {
  readonly settings: LinkSettings
  readonly connection: WaitingConnection | undefined
  readonly intake: { readonly paused: boolean } | undefined
}

export interface ReadinessListener {
  /** The wait is over: the link is up. */
  ready(): void
  /** The connection has given its proof of life. */
  stable(): void
}

/** Decides when an open connection makes its link ready for messages, and when the connection counts as stable. */
export class Readiness {
  readonly #clock: Clock
  readonly #link: ReadinessOwner
  readonly #listener: ReadinessListener
  /** The peer has sent a whole frame, or the connection was stable. A plain property, because it is read for every frame. */
  proved = false
  #wait: ReadyWait | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, link: ReadinessOwner, listener: ReadinessListener) {
    this.#listener = listener
    this.#clock = clock
    this.#link = link
  }

  /** What the link waits for before it is up, although its connection is open. */
  get wait(): ReadyWait | undefined {
    return this.#link.connection?.onProbation === true ? this.#wait : undefined
  }

  /** A connection opens. @returns whether the link must wait before it is up */
  begin(probation: boolean): boolean {
    this.proved = false
    const wait = readyWait(this.#link, probation)
    if (wait !== undefined) this.#start(wait)
    return wait !== undefined
  }

  #start(wait: ReadyWait): void {
    this.#timer?.cancel()
    this.#wait = wait
    const unlimited = wait.ms === 0 && (wait.for === 'frame' || wait.for === 'opening')
    this.#timer = unlimited
      ? undefined
      : new FairTimer(this.#clock, wait.ms, () => {
          this.#expired(wait)
        })
  }

  #expired(wait: ReadyWait): void {
    const { connection } = this.#link
    if (connection?.onProbation !== true) return
    if (wait.for === 'opening') connection.abort(notOpened(wait, connection))
    else if (wait.for === 'frame' && this.#link.intake?.paused !== true)
      connection.abort(notReady(wait))
    else {
      this.#listener.ready()
      if (wait.for === 'stable') this.#prove()
    }
  }

  /** The settings have changed, or the link is read again: a connection that is not ready yet waits as they demand now. */
  reconsider(): void {
    const { wait: before } = this
    if (before === undefined) return
    const wait = readyWait(this.#link, before.probation)
    if (wait === undefined) this.#listener.ready()
    else if (!sameValue(wait, before)) this.#start(wait)
  }

  /** A whole frame has arrived, and `proved` is false. During an opening it belongs to that. */
  frame(): void {
    if (this.#wait?.for !== 'opening') this.opened()
  }

  /** The opening says that messages may pass. */
  opened(): void {
    this.#listener.ready()
    this.#prove()
  }

  #prove(): void {
    this.proved = true
    this.end()
    this.#listener.stable()
  }

  /** The link is up. `watched`: the owner needs to know when the connection is stable. */
  up(watched: boolean): void {
    this.end()
    if (!watched) return
    const { stableAfterMs } = this.#link.settings
    this.#timer = new FairTimer(this.#clock, stableAfterMs, () => {
      this.#prove()
    })
  }

  /** The connection is over, or has given its proof of life: nothing is waited for any more. */
  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#wait = undefined
  }
}

function readyWait(
  { settings, intake }: ReadinessOwner,
  probation: boolean,
): ReadyWait | undefined {
  const { ready, readyTimeoutMs, openTimeoutMs, stableAfterMs, probationMs } = settings
  if (ready === 'opening') return { for: 'opening', ms: openTimeoutMs, probation }
  // A held link cannot see a frame. Two links that hold each other because their queues are full would wait for ever.
  if (ready === 'frame' && intake?.paused !== true)
    return { for: 'frame', ms: readyTimeoutMs, probation }
  if (ready !== 'connected') return { for: 'stable', ms: stableAfterMs, probation }
  return probation ? { for: 'probation', ms: probationMs, probation } : undefined
}

function notReady({ ms }: ReadyWait): Reason {
  return { code: 'not-ready', detail: `the peer sent no frame within ${durationText(ms)}` }
}

function notOpened({ ms }: ReadyWait, { conversation }: WaitingConnection): Reason {
  const progress = conversation?.progress
  const at = progress === undefined ? '' : `, at ${progress}`
  return { code: 'opening-timeout', detail: `not open within ${durationText(ms)}${at}` }
}
