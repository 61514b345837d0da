import { readFileSync } from 'node:fs'

/** Descriptors that accepted connections leave free for dials, files, the log, and Node itself. */
const RESERVED_DESCRIPTORS = 32

/**
 * Limits the number of accepted connections to what the process has descriptors for. Without descriptors, the system
 * accepts connections and closes them silently, and dials and files fail; so accepted connections never take the last
 * ones.
 */
export class ConnectionBudget {
  readonly max: number
  #taken = 0

  /** @param descriptorsMax how many descriptors the process may have open; infinite if unlimited or unknown */
  constructor(descriptorsMax = descriptorLimit()) {
    this.max = Math.max(1, descriptorsMax - RESERVED_DESCRIPTORS)
  }

  /** Reserves one connection, to be released later. false: the limit is reached. */
  take(): boolean {
    if (this.#taken >= this.max) return false
    this.#taken++
    return true
  }

  release(): void {
    this.#taken--
  }
}

/** The budget of this process, because the limit is per process. Node raises its soft limit to the hard limit at start. */
export const processBudget = new ConnectionBudget()

function descriptorLimit(): number {
  try {
    return softLimitIn(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    // Not Linux.
    return Number.POSITIVE_INFINITY
  }
}

/** `man 5 proc`: `Max open files            1024                 524288               files` */
export function softLimitIn(limits: string): number {
  const soft = /^Max open files\s+(\d+)\s/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}
