const POLL_MS = 10

/** Resolves when the condition holds. */
export async function until(holds: () => boolean, pollMs = POLL_MS): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, pollMs))
}
