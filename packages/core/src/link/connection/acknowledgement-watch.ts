import type { LinkSettings } from '../../config/node-config.js'
import type { Clock, Timer } from '../../contracts/clock.js'
import type { Connection, UnacknowledgedBytes } from '../../contracts/transport.js'

/** How many times within `unacknowledgedMax` the transport is asked. */
const LOOKS = 3
/** After so many answers in a row that say nothing, the watch waits for the next write. */
const BLIND_LOOKS_MAX = 3

interface AcknowledgedLink {
  readonly settings: LinkSettings
}

/**
 * Detects that the peer's system has not acknowledged anything for `unacknowledgedMax`. Small messages fit into the
 * kernel's send buffer for many minutes, so a cut cable does not stall any write. The transport is asked only while bytes
 * may be unacknowledged: an idle link costs nothing. Links with the same `unacknowledgedMax` ask at the same moments, so that
 * one look of the transport answers all of them.
 */
export class AcknowledgementWatch {
  readonly #clock: Clock
  readonly #link: AcknowledgedLink
  readonly #connection: Connection
  /** Called with the number of bytes that are not acknowledged. */
  readonly #expired: (bytes: number) => void
  #timer: Timer | undefined
  /** The transport has not answered yet. */
  #asking = false
  #blindLooks = 0
  /** The most that was acknowledged, and since when it is not more. With TLS it may be negative at the beginning. */
  #acknowledgedBytes = Number.NEGATIVE_INFINITY
  #sinceMs = 0
  #isOver = false

  constructor(
    clock: Clock,
    link: AcknowledgedLink,
    connection: Connection,
    expired: (bytes: number) => void,
  ) {
    this.#clock = clock
    this.#link = link
    this.#connection = connection
    this.#expired = expired
  }

  /** A write begins. */
  wrote(): void {
    if (this.#timer === undefined) this.#askLater()
  }

  #askLater(): void {
    const { unacknowledgedMs } = this.#link.settings
    if (unacknowledgedMs === 0 || this.#asking || this.#isOver) return
    const nowMs = this.#clock.now()
    this.#timer = this.#clock.after(lookMs(nowMs, unacknowledgedMs) - nowMs, () => {
      this.#ask()
    })
  }

  #ask(): void {
    this.#timer = undefined
    this.#asking = true
    this.#connection.unacknowledged?.((bytes) => {
      this.#asking = false
      if (this.#isOver) return
      if (bytes === undefined) this.#blind()
      else this.#judge(bytes)
    })
  }

  /** The system may miss one socket in one look; a system that shows none is not asked again and again. */
  #blind(): void {
    this.#blindLooks++
    if (this.#blindLooks < BLIND_LOOKS_MAX) this.#askLater()
    else this.#blindLooks = 0
  }

  #judge({ unacknowledgedBytes, acknowledgedBytes, isPeerFull }: UnacknowledgedBytes): void {
    this.#blindLooks = 0
    if (unacknowledgedBytes === 0) {
      this.#acknowledgedBytes = Number.NEGATIVE_INFINITY
      return
    }
    const nowMs = this.#clock.now()
    if (acknowledgedBytes > this.#acknowledgedBytes || isPeerFull) {
      this.#acknowledgedBytes = acknowledgedBytes
      this.#sinceMs = nowMs
    }
    const { unacknowledgedMs } = this.#link.settings
    if (unacknowledgedMs > 0 && nowMs - this.#sinceMs >= unacknowledgedMs) {
      this.#expired(unacknowledgedBytes)
    } else {
      this.#askLater()
    }
  }

  /** Applies a changed `unacknowledgedMax`. */
  settingsChanged(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#askLater()
  }

  dispose(): void {
    this.#isOver = true
    this.#timer?.cancel()
  }
}

/** When to ask next: after a third of `unacknowledgedMs`, at the next multiple of a sixth. */
function lookMs(nowMs: number, unacknowledgedMs: number): number {
  const gridMs = unacknowledgedMs / (2 * LOOKS)
  return Math.ceil(nowMs / gridMs + 2) * gridMs
}
