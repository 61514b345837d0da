import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { setImmediate as nextTurn } from 'node:timers/promises'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const TURNS_MAX = 20
const SAME_BYTES = 4_096

/** Bytes that are still in use: objects and array buffers, after everything else was collected. */
export async function liveBytes(): Promise<number> {
  // Memory is released in the next turn of the event loop, and array buffers are swept in the background.
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0, same = 0; turn < TURNS_MAX && same < 3; turn++) {
    await nextTurn()
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    const bytes = heapUsed + arrayBuffers
    same = bytes < least - SAME_BYTES ? 0 : same + 1
    least = Math.min(least, bytes)
  }
  return least
}
