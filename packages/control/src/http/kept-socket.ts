import { type Clock, messageText, type Timer } from '@commloop/core'
import type { SocketLocation } from './socket-location.js'
import { SocketProblem } from './socket-problem.js'
import type { UnixSocketListener } from './unix-socket-listener.js'

/** How often a node looks whether its socket is still in its place, and tries again if it has none. */
export const SOCKET_CHECK_MS = 1_000

/** What the owner of a kept socket is told. */
export interface SocketEvents {
  /** The socket is open. `again`: it was lost, or could not be opened before. */
  opened(path: string, again: boolean): void
  /** There is no socket now. The node tries again every second. Called once for each new reason. */
  failed(problem: SocketProblem): void
}

/**
 * Keeps a socket in its place. The folder of a socket may be cleaned or removed while the node runs (systemd-tmpfiles, the
 * end of a login session), another process may take the path, and a folder that cannot be used now may be usable later.
 * None of these is reported to the node, so it looks at the path at an interval. It never replaces a socket that answers.
 */
export class KeptSocket {
  readonly #listener: UnixSocketListener
  readonly #location: SocketLocation
  readonly #clock: Clock
  readonly #events: SocketEvents
  #timer: Timer | undefined
  #checking: Promise<void> = Promise.resolve()
  #isClosed = false
  #isFirst = true
  #problem: string | undefined

  constructor(
    listener: UnixSocketListener,
    location: SocketLocation,
    clock: Clock,
    events: SocketEvents,
  ) {
    this.#listener = listener
    this.#location = location
    this.#clock = clock
    this.#events = events
  }

  /** The path of the socket, or its last path if it is missing now. */
  get path(): string {
    return this.#listener.path ?? ''
  }

  /** Opens the socket for the first time. @throws SocketProblem; nothing is kept then */
  async open(): Promise<void> {
    try {
      await this.#open()
    } catch (error) {
      await this.close()
      throw error
    }
    this.#checkLater()
  }

  /** Opens the socket, now or as soon as that is possible. */
  async keep(): Promise<void> {
    await this.#check()
    this.#checkLater()
  }

  #checkLater(): void {
    if (this.#isClosed) return
    this.#timer = this.#clock.after(SOCKET_CHECK_MS, () => {
      this.#checking = this.#check().finally(() => {
        this.#checkLater()
      })
    })
  }

  async #check(): Promise<void> {
    if (await this.#listener.isInPlace()) return
    if (this.#isOver()) return
    try {
      await this.#open()
    } catch (error) {
      this.#isFirst = false
      const problem =
        error instanceof SocketProblem
          ? error
          : new SocketProblem(messageText(error), { cause: error })
      if (problem.message === this.#problem || this.#isOver()) return
      this.#problem = problem.message
      this.#events.failed(problem)
    }
  }

  async #open(): Promise<void> {
    await this.#listener.open(this.#location.path())
    const again = !this.#isFirst
    this.#isFirst = false
    this.#problem = undefined
    if (!this.#isOver()) this.#events.opened(this.path, again)
  }

  /** A method, because TypeScript would assume that the field has not changed during a wait. */
  #isOver(): boolean {
    return this.#isClosed
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#checking
    await this.#listener.close()
  }
}
