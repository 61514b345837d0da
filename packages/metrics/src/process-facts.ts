import { readdirSync } from 'node:fs'
import { processLimits } from './process-limits.js'

/** What this process uses of the machine. A figure is undefined if the system does not report it. */
export interface ProcessFacts {
  /** Processor time in all threads, since the process started. */
  readonly cpuSeconds: number
  readonly residentBytes: number
  /** Open file descriptors. */
  readonly descriptors: number | undefined
  /** The soft limit of open file descriptors. */
  readonly descriptorsMax: number | undefined
}

/** The figures at this moment. */
export function processFacts(): ProcessFacts {
  const { user, system } = process.cpuUsage()
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    descriptors: openDescriptors(),
    descriptorsMax: processLimits().descriptorsSoft,
  }
}

function openDescriptors(): number | undefined {
  try {
    // One of the entries is the folder itself while it is read.
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return undefined
  }
}
