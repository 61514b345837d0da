import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

/** The limits that the system sets for a process. */
export interface ProcessLimits {
  /** Memory of the machine, or of the control group of this process if that is less. */
  readonly memoryBytes: number
  /** The soft limit of open file descriptors; undefined if there is none, or if the system does not report it. */
  readonly descriptorsSoft: number | undefined
  /** The hard limit: the process itself may raise the soft limit up to it. */
  readonly descriptorsHard: number | undefined
}

/**
 * The limits of a process.
 *
 * @param process its id, because a running node may have other limits than the process that asks; default: this one
 */
export function processLimits(process: number | 'self' = 'self'): ProcessLimits {
  const [soft, hard] = descriptorLimits(`/proc/${String(process)}/limits`)
  return {
    memoryBytes: memoryBytes(),
    descriptorsSoft: soft,
    descriptorsHard: hard,
  }
}

function memoryBytes(): number {
  const confined = process.constrainedMemory()
  // Without a limit, Linux reports a number larger than the memory of any machine.
  return confined > 0 ? Math.min(confined, totalmem()) : totalmem()
}

/** `man 5 proc`: `Max open files            1024                 524288               files` */
function descriptorLimits(file: string): (number | undefined)[] {
  try {
    const match = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync(file, 'utf8'))
    return [match?.[1], match?.[2]].map((text) =>
      /^\d+$/.test(text ?? '') ? Number(text) : undefined,
    )
  } catch {
    return [undefined, undefined]
  }
}
