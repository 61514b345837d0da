import { setTimeout as delay } from 'node:timers/promises'

/** How long a test waits for what happens within milliseconds on an idle machine. */
export const DEADLINE_MS = 20_000
const POLL_MS = 5

/**
 * Looks again and again until the answer is neither undefined nor false.
 * @throws Error with `what` and the `state` at the end of the time
 */
export async function eventually<Found>(
  what: string,
  look: () => Found | undefined | false,
  state: () => string = () => '',
  deadlineMs = DEADLINE_MS,
): Promise<Found> {
  const lastMs = performance.now() + deadlineMs
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > lastMs) {
      throw new Error(`not within ${String(deadlineMs)} ms: ${what}\n${state()}`)
    }
    await delay(POLL_MS)
  }
}

/**
 * Waits until a number has not changed in `looks` checks in a row, for something that stops without an event, such
 * as bytes that a full kernel buffer does not take any more.
 */
export async function settledAt(
  what: string,
  number: () => number,
  { looks = 15, everyMs = 100 } = {},
): Promise<number> {
  const lastMs = performance.now() + 3 * DEADLINE_MS
  let last = number()
  for (let same = 0; same < looks;) {
    await delay(everyMs)
    const now = number()
    same = now === last ? same + 1 : 0
    last = now
    if (performance.now() > lastMs) throw new Error(`never came to rest: ${what}`)
  }
  return last
}
