/** Waits for `promise`. @throws Error with `what` after `delayMs`, so that a lost message does not block a run */
export async function withinMs<Value>(
  promise: Promise<Value>,
  delayMs: number,
  what: string,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what}: not within ${String(delayMs)} ms`))
    }, delayMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
