import { readFileSync } from 'node:fs'

/** Descriptors that accepted connections leave to everything else: dials, files, the log, and what Node itself needs. */
const RESERVED_DESCRIPTORS = 32

/**
 * How many accepted connections a process has descriptors for. Where none is left the system accepts and closes
 * without a word, dials and files fail; so the last ones are not given to whoever calls.
 */
export class ConnectionRoom {
  readonly max: number
  #taken = 0

  /** @param descriptorsMax what the process may have open at once; infinite: without bound, or nobody says */
  constructor(descriptorsMax = descriptorLimit()) {
    this.max = Math.max(1, descriptorsMax - RESERVED_DESCRIPTORS)
  }

  /** Takes one place, to be given back. false: none is left. */
  take(): boolean {
    if (this.#taken >= this.max) return false
    this.#taken++
    return true
  }

  giveBack(): void {
    this.#taken--
  }
}

/** One for the process, which is what has the limit. Node has raised it as far as it may before any of our code runs. */
export const processRoom = new ConnectionRoom()

function descriptorLimit(): number {
  try {
    return softLimitIn(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    // No Linux.
    return Number.POSITIVE_INFINITY
  }
}

/** `man 5 proc`: `Max open files            1024                 524288               files` */
export function softLimitIn(limits: string): number {
  const soft = /^Max open files\s+(\d+)\s/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}
