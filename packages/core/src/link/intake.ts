import type { LinkSettings } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { WarningCode } from '../contracts/warning.js'
import type { LinkTally } from '../ledger/link-counters.js'
import { durationText } from '../units/duration.js'
import type { FrameReader, ReaderHost } from './connection/frame-reader.js'
import type { Conversation } from './conversation/conversation.js'

/** Releases a hold. A second call has no effect. */
export type Release = () => void

/** The link that is read. */
export interface IntakeOwner {
  readonly id: string
  readonly settings: LinkSettings
  readonly epoch: number
  readonly queue: { readonly tally: LinkTally }
  readonly connection: ReadConnection | undefined
  readonly readiness: { reconsider(): void } | undefined
  delivered(payload: Uint8Array, epoch: number): void
}

export interface ReadConnection {
  pause(): void
  resume(): void
  /** The messages that waited before the peer's FIN are given up. */
  heldTooLong(): void
}

export interface IntakeServices {
  readonly clock: Clock
  readonly listener: { warning(code: WarningCode, message: string): void }
}

/** What one connection has received whole, and could not deliver before the peer ended it. */
interface Leftover {
  readonly reader: FrameReader
  readonly conversation: Conversation | undefined
  readonly epoch: number
}

/**
 * Decides whether a link is read: not while there is a hold. If the peer ends a connection during a hold, the messages
 * that it has sent before are kept here. They are delivered before anything of the next connection, which may open in
 * the meantime. They are at most what the last chunk contained, because a held connection is not read.
 */
export class Intake implements ReaderHost {
  readonly #services: IntakeServices
  readonly #link: IntakeOwner
  #holds = 0
  #leftover: Leftover | undefined
  /** Runs only while nothing is taken. */
  #timer: Timer | undefined

  constructor(link: IntakeOwner, services: IntakeServices) {
    this.#link = link
    this.#services = services
  }

  /** A new connection must not be read yet. */
  get paused(): boolean {
    return this.#holds > 0 || this.#leftover !== undefined
  }

  hold(): Release {
    this.#holds++
    if (this.#holds === 1) this.#link.connection?.pause()
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#holds--
      if (this.#holds === 0) this.#released()
    }
  }

  #released(): void {
    if (this.#holds > 0) return
    if (this.#leftover !== undefined) this.#deliverLeftover(this.#leftover)
    if (this.paused) return
    // From now on the link can see a frame, so it may have to wait for one.
    this.#link.readiness?.reconsider()
    this.#link.connection?.resume()
  }

  #deliverLeftover({ reader }: Leftover): void {
    this.#stopTimer()
    if (!reader.decode()) {
      // The hold was released from within a delivery, which must return first.
      this.#services.clock.soon(() => {
        this.#released()
      })
    } else if (this.#holds > 0) {
      this.#startTimer()
    } else {
      this.#leftover = undefined
    }
  }

  /**
   * A connection has ended, or its peer has. Keeps the payloads of its reader that were not delivered, if they wait for
   * a holder. @returns false if they do not
   */
  keep(reader: FrameReader, conversation: Conversation | undefined): boolean {
    if (this.#leftover?.reader === reader) return true
    if (this.#holds === 0 || this.#leftover !== undefined) return false
    this.#leftover = { reader, conversation, epoch: this.#link.epoch }
    reader.handTo(this)
    this.#startTimer()
    return true
  }

  #startTimer(): void {
    const { heldForMs } = this.#link.settings
    if (heldForMs === 0) return
    this.#timer = this.#services.clock.after(heldForMs, () => {
      const text = `${String(this.#discard())} received messages were discarded: the link was held for ${durationText(heldForMs)} after its peer had ended the connection`
      this.#services.listener.warning('HELD_TOO_LONG', `${this.#link.id}: ${text}`)
      this.#link.connection?.heldTooLong()
    })
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #discard(): number {
    const discarded = this.#leftover?.reader.discard() ?? 0
    this.#leftover = undefined
    this.#link.queue.tally.discarded += discarded
    return discarded
  }

  /** The link is closed: nothing that waits will be delivered. */
  end(): void {
    this.#stopTimer()
    this.#discard()
  }

  // ── the host of the leftover's reader ───────────────────────────────────────────────────────────────────────

  get reads(): boolean {
    return this.#holds === 0 && this.#leftover !== undefined
  }

  deliver(payload: Uint8Array): void {
    const leftover = this.#leftover
    if (leftover === undefined || leftover.conversation?.received(payload) === true) return
    this.#link.delivered(payload, leftover.epoch)
  }

  /** The bytes that follow are not a frame. The connection has ended anyway. */
  abort(): void {
    this.#leftover = undefined
  }
}
