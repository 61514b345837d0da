import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

/** What the system grants this process. */
export interface ProcessLimits {
  /** Memory of the machine, or of the group of processes that this one is confined to. */
  readonly memoryBytes: number
  /** Most descriptors at once; undefined: the system does not say, or has no bound. */
  readonly descriptorsSoft: number | undefined
  /** How far the process itself may raise the soft limit. */
  readonly descriptorsHard: number | undefined
}

/** `process`: whose descriptors; a running node may have been granted more, or fewer, than whoever asks. */
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
  // Without a bound, Linux answers with a number beyond every machine.
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
