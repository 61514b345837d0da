import { closeSync, openSync } from 'node:fs'

/**
 * SIGHUP has two meanings. If an operator sends it (`kill -HUP`, `systemctl reload`), it requests a reload; if the
 * kernel sends it because the terminal has gone, it requests a graceful stop. The handler is installed before the node
 * starts, because a SIGHUP without a handler ends the process.
 */
export class SighupHandler {
  readonly #hadTerminal = hasTerminal()
  #handler: ((terminalGone: boolean) => void) | undefined
  #pending = false

  constructor() {
    process.on('SIGHUP', this.#received)
  }

  readonly #received = (): void => {
    if (this.#handler === undefined) this.#pending = true
    else this.#handler(this.#hadTerminal && !hasTerminal())
  }

  /** Calls `handler` for each SIGHUP, and now if one has arrived already. */
  handle(handler: (terminalGone: boolean) => void): void {
    this.#handler = handler
    if (!this.#pending) return
    this.#pending = false
    this.#received()
  }

  close(): void {
    process.off('SIGHUP', this.#received)
  }
}

/** Whether the process has a controlling terminal. The kernel removes it when the terminal hangs up. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
