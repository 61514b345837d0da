import type { LinkSettings } from '../../config/node-config.js'
import type { Clock, Timer } from '../../contracts/clock.js'
import type { Connection, UnacknowledgedBytes } from '../../contracts/transport.js'

/** How many times within `unacknowledgedMax` the transport is asked. */
const LOOKS = 3

interface AcknowledgedLink {
  readonly settings: LinkSettings
}

/**
 * Detects that the peer's system has not acknowledged anything for `unacknowledgedMax`. Small messages fit into the
 * kernel's send buffer for many minutes, so a cut cable does not stall any write. The transport is asked only while bytes
 * may be unacknowledged: an idle link costs nothing.
 */
export class AcknowledgementWatch {
  readonly #clock: Clock
  readonly #link: AcknowledgedLink
  readonly #connection: Connection
  /** Called with the number of bytes that are not acknowledged. */
  readonly #expired: (bytes: number) => void
  #timer: Timer | undefined
  /** The most that was acknowledged, and since when it is not more. */
  #acknowledgedBytes = -1
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
    if (unacknowledgedMs === 0 || this.#isOver) return
    this.#timer = this.#clock.after(unacknowledgedMs / LOOKS, () => {
      this.#connection.unacknowledged?.((bytes) => {
        this.#timer = undefined
        if (!this.#isOver && bytes !== undefined) this.#judge(bytes)
      })
    })
  }

  #judge({ unacknowledgedBytes, acknowledgedBytes, isPeerFull }: UnacknowledgedBytes): void {
    if (unacknowledgedBytes === 0) {
      this.#acknowledgedBytes = -1
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
