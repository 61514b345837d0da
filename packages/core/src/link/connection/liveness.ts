import type { LinkSettings } from '../../config/node-config.js'
import type { Clock } from '../../contracts/clock.js'
import type { Connection } from '../../contracts/transport.js'
import type { Reason } from '../../contracts/reason.js'
import { Deadline, type DeadlineOwner } from '../../timing/deadline.js'
import { durationText } from '../../units/duration.js'
import { AcknowledgementWatch } from './acknowledgement-watch.js'

/** The deadlines of a peer. */
export type Expiry = 'silence' | 'partial-frame' | 'write-stall' | 'half-close' | 'linger'

/** The link, whose settings may change while a deadline runs. */
interface Configured {
  readonly settings: LinkSettings
}

/** The connection that is watched. */
interface Watched {
  peerFailed(at: Expiry): void
  abort(reason: Reason): void
}

/**
 * The deadlines by which a connection detects that its peer is gone or stuck. Each is made when it is first needed,
 * because most links of a large table are idle.
 */
export class Liveness implements DeadlineOwner {
  readonly #clock: Clock
  readonly #link: Configured
  readonly #connection: Watched
  readonly #transport: Connection
  #silence: Deadline | undefined
  #partialFrame: Deadline | undefined
  #stall: Deadline | undefined
  #halfClose: Deadline | undefined
  #linger: Deadline | undefined
  #acknowledgements: AcknowledgementWatch | undefined

  /** @param transport the connection as the transport knows it */
  constructor(clock: Clock, link: Configured, connection: Watched, transport: Connection) {
    this.#clock = clock
    this.#link = link
    this.#connection = connection
    this.#transport = transport
  }

  expired(deadline: Deadline): void {
    this.#connection.peerFailed(this.#kindOf(deadline))
  }

  #kindOf(deadline: Deadline): Expiry {
    if (deadline === this.#silence) return 'silence'
    if (deadline === this.#partialFrame) return 'partial-frame'
    if (deadline === this.#stall) return 'write-stall'
    return deadline === this.#halfClose ? 'half-close' : 'linger'
  }

  // ── receiving ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Reading begins. The time without reading does not count as silence. */
  reading(nowMs: number): void {
    const { silenceMs } = this.#link.settings
    if (silenceMs === 0) return
    this.#silence ??= new Deadline(this.#clock, silenceMs, this)
    this.#silence.start(nowMs)
  }

  received(nowMs: number): void {
    if (this.#silence?.running === true) this.#silence.start(nowMs)
  }

  paused(nowMs: number): void {
    this.#silence?.stop()
    this.#partialFrame?.pause(nowMs)
  }

  resumed(nowMs: number): void {
    this.#partialFrame?.resume(nowMs)
  }

  /** A frame has begun and is not complete. */
  midFrame(nowMs: number): void {
    if (this.#partialFrame?.running === true) return
    this.#partialFrame ??= new Deadline(this.#clock, this.#link.settings.partialFrameMs, this)
    this.#partialFrame.start(nowMs)
  }

  betweenFrames(): void {
    if (this.#partialFrame?.running === true) this.#partialFrame.stop()
  }

  finReceived(): void {
    this.#silence?.dispose()
  }

  streamOver(): void {
    this.#partialFrame?.dispose()
  }

  /** The peer has sent FIN: starts the deadline `half-close`. */
  halfClosed(nowMs: number): void {
    this.#halfClose ??= new Deadline(this.#clock, this.#halfCloseMs, this)
    this.#halfClose.start(nowMs)
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────

  writing(nowMs: number): void {
    this.#stall ??= new Deadline(this.#clock, this.#link.settings.stallMs, this)
    this.#stall.start(nowMs)
    if (this.#acknowledgements !== undefined) this.#acknowledgements.wrote()
    else if (this.#transport.unacknowledged !== undefined) this.#watchAcknowledgements()
  }

  #watchAcknowledgements(): void {
    if (this.#link.settings.unacknowledgedMs === 0) return
    this.#acknowledgements = new AcknowledgementWatch(
      this.#clock,
      this.#link,
      this.#transport,
      (bytes) => {
        const forText = durationText(this.#link.settings.unacknowledgedMs)
        const detail = `the system of the peer has acknowledged nothing for ${forText}, and ${String(bytes)} bytes are on the way`
        this.#connection.abort({ code: 'unacknowledged', detail })
      },
    )
    this.#acknowledgements.wrote()
  }

  written(): void {
    this.#stall?.stop()
  }

  finSent(nowMs: number): void {
    this.#stall?.dispose()
    this.#linger = new Deadline(this.#clock, this.#lingerMs, this)
    this.#linger.start(nowMs)
  }

  // ── both ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The settings have changed. Deadlines that run keep the time at which they began. */
  settingsChanged(nowMs: number): void {
    const { settings } = this.#link
    this.#silence?.setDelay(settings.silenceMs, nowMs)
    this.#stall?.setDelay(settings.stallMs, nowMs)
    this.#partialFrame?.setDelay(settings.partialFrameMs, nowMs)
    this.#linger?.setDelay(this.#lingerMs, nowMs)
    this.#halfClose?.setDelay(this.#halfCloseMs, nowMs)
    this.#acknowledgements?.settingsChanged()
  }

  /** After a change of settings: starts the deadlines that were off until now and would be running. */
  startMissing(nowMs: number, reads: boolean, writes: boolean): void {
    if (reads && this.#silence?.running !== true) this.reading(nowMs)
    if (writes && this.#stall?.running !== true) this.writing(nowMs)
  }

  get #lingerMs(): number {
    return Math.max(1, this.#link.settings.lingerMs)
  }

  get #halfCloseMs(): number {
    return Math.max(1, this.#link.settings.halfCloseMs)
  }

  /** The connection is over: no deadline leaves a timer behind. */
  dispose(): void {
    this.#acknowledgements?.dispose()
    for (const deadline of [
      this.#silence,
      this.#partialFrame,
      this.#stall,
      this.#halfClose,
      this.#linger,
    ]) {
      deadline?.dispose()
    }
  }
}
