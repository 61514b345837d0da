import { readdirSync } from 'node:fs'
import { processLimits } from './process-limits.js'

/** What the process uses of the machine; undefined: this system does not tell. */
export interface ProcessFacts {
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly descriptors: number | undefined
  readonly descriptorsMax: number | undefined
}

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
    // The folder that is read is one of them, and gone afterwards.
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return undefined
  }
}
