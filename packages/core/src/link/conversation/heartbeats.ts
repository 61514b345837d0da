import type { LinkSettings } from '../../config/node-config.js'
import type { Clock } from '../../contracts/clock.js'
import type { Reason } from '../../contracts/reason.js'
import type { LinkTally } from '../../ledger/link-counters.js'
import { sameBytes } from '../../units/bytes.js'
import { Deadline, type DeadlineOwner } from '../../timing/deadline.js'
import type { Channel, Conversation } from './conversation.js'

/** Least time between two echoes, in milliseconds, so that a peer that echoes too cannot start a storm. */
const ECHO_MS_MIN = 100

/** The link whose settings contain the heartbeat, and which counts heartbeats. */
export interface HeartbeatLink {
  readonly settings: LinkSettings
  readonly queue: { readonly tally: LinkTally }
}

/** Sends a payload after a time without a write, so that both sides detect a dead connection. */
export class Heartbeats implements Conversation, DeadlineOwner {
  readonly isOpening = false
  readonly #channel: Channel
  readonly #link: HeartbeatLink
  readonly #clock: Clock
  /** Since the last write. */
  #quiet: Deadline | undefined
  #echoedMs = Number.NEGATIVE_INFINITY

  constructor(channel: Channel, link: HeartbeatLink, clock: Clock) {
    this.#channel = channel
    this.#link = link
    this.#clock = clock
  }

  begin(nowMs: number, waits: boolean): void {
    this.settingsChanged(nowMs)
    // Two peers that both wait for a frame must not wait for each other.
    if (waits) this.probe()
  }

  #start(nowMs: number): void {
    const { heartbeat } = this.#link.settings
    if (heartbeat === undefined || heartbeat.echo) return
    this.#quiet ??= new Deadline(this.#clock, heartbeat.everyMs, this, 'node')
    this.#quiet.start(nowMs)
  }

  /** The interval has passed without a write. A write in progress is a sign of life already, or has stalled. */
  expired(): void {
    if (this.#channel.quiet) this.probe()
    this.#start(this.#clock.now())
  }

  received(payload: Uint8Array): boolean {
    const { heartbeat } = this.#link.settings
    if (heartbeat === undefined) return false
    if (sameBytes(payload, heartbeat.payload)) {
      this.#link.queue.tally.heartbeatsReceived++
      if (heartbeat.echo) this.#echo(heartbeat.payload)
      else if (heartbeat.answer !== undefined) this.#channel.send(heartbeat.answer)
      return true
    }
    if (heartbeat.answer !== undefined && sameBytes(payload, heartbeat.answer)) {
      this.#link.queue.tally.heartbeatsReceived++
      return true
    }
    return false
  }

  #echo(payload: Uint8Array): void {
    const nowMs = this.#clock.now()
    if (nowMs - this.#echoedMs < ECHO_MS_MIN || !this.#channel.send(payload)) return
    this.#echoedMs = nowMs
    this.#link.queue.tally.heartbeatsSent++
  }

  writing(nowMs: number): void {
    if (this.#quiet?.running === true) this.#quiet.start(nowMs)
  }

  /** Sends a heartbeat now. A peer that answers heartbeats then gives a sign of life. */
  probe(): void {
    const { heartbeat } = this.#link.settings
    if (heartbeat === undefined || heartbeat.echo) return
    if (!this.#channel.send(heartbeat.payload)) return
    this.#link.queue.tally.heartbeatsSent++
  }

  settingsChanged(nowMs: number): void {
    this.#quiet?.setDelay(this.#link.settings.heartbeat?.everyMs ?? 0, nowMs)
    if (this.#quiet?.running !== true) this.#start(nowMs)
  }

  finished(): void {
    this.#quiet?.dispose()
  }

  ended(reason: Reason): Reason {
    this.finished()
    return reason
  }
}
