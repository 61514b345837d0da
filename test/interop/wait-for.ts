import { setTimeout as delay } from 'node:timers/promises'

const DEADLINE_MS = 20_000
const POLL_MS = 5

/** Waits until something is so. @throws Error when it is not within 20 s, with the condition's text. */
export async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${String(condition)}`)
    await delay(POLL_MS)
  }
}
