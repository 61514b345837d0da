/** Settles as `promise` does, or with the result of `late` if that takes longer. `late` may throw. */
export async function withinMs<Value, Late>(
  promise: Promise<Value>,
  delayMs: number,
  late: () => Late,
): Promise<Value | Late> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delayMs)
  })
  try {
    return await Promise.race([promise, timeout.then(late)])
  } finally {
    clearTimeout(timer)
  }
}
