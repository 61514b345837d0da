const DEADLINE_MS = 8000

/** Waits for a condition, and checks it in every turn of the event loop. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`did not happen: ${what}`)
    await turn()
  }
}

/** One turn of the event loop, in which pending I/O is processed. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0)
  })
}

export async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await turn()
}
