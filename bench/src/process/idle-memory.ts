import { getHeapSpaceStatistics } from 'node:v8'
import { until } from './until.js'

export interface Memory {
  readonly residentBytes: number
  readonly heapBytes: number
}

/** The size with which the young generation of V8 starts, and to which it shrinks after some twenty idle seconds. */
const YOUNG_BYTES_IDLE = 4 * 2 ** 20
const IDLE_MS_MAX = 60_000
/** Long, because each poll allocates memory, which counts as activity. */
const IDLE_POLL_MS = 1_000

/**
 * The memory of this process after a garbage collection, and after V8 has shrunk its young generation. The process
 * needs `--expose-gc`.
 */
export async function idleMemory(): Promise<Memory> {
  for (let at = 0; at < 3; at++) globalThis.gc?.()
  const deadlineMs = performance.now() + IDLE_MS_MAX
  await until(
    () => youngBytes() <= YOUNG_BYTES_IDLE || performance.now() > deadlineMs,
    IDLE_POLL_MS,
  )
  const { rss, heapUsed, external } = process.memoryUsage()
  return { residentBytes: rss, heapBytes: heapUsed + external }
}

function youngBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  return space?.space_size ?? 0
}
