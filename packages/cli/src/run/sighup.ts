import { closeSync, openSync } from 'node:fs'

/**
 * SIGHUP, which has two meanings: asked for (`kill -HUP`, `systemctl reload`), it is to read the configuration anew;
 * from a terminal that has gone away, it is the end. Heard from the beginning, because it ends a process that does not
 * listen.
 */
export class HangUp {
  readonly #hasTerminal = terminalIsThere()
  #heard: ((terminalGone: boolean) => void) | undefined
  #missed = false

  constructor() {
    process.on('SIGHUP', this.#received)
  }

  readonly #received = (): void => {
    if (this.#heard === undefined) this.#missed = true
    else this.#heard(this.#hasTerminal && !terminalIsThere())
  }

  /** Who hears of it from now on; of one that came before, at once. */
  hear(heard: (terminalGone: boolean) => void): void {
    this.#heard = heard
    if (!this.#missed) return
    this.#missed = false
    this.#received()
  }

  close(): void {
    process.off('SIGHUP', this.#received)
  }
}

/** Whether this process has a terminal that controls it: the kernel takes it away when the terminal hangs up. */
function terminalIsThere(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
