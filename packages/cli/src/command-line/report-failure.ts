import type { TextOutput } from '../terminal/text-output.js'
import { withinMs } from './within-ms.js'

/** How long exit waits for stderr to drain. */
const STDERR_MS_MAX = 1_000

/** Writes why a command failed to stderr. @returns the exit code for it */
export async function reportFailure(
  error: unknown,
  { stderr, env }: { readonly stderr: TextOutput; readonly env: NodeJS.ProcessEnv },
): Promise<number> {
  const { exitCodeOf, failureText } = await import('./failure.js')
  const written = new Promise<void>((resolve) => {
    stderr.write(failureText(error, env), () => {
      resolve()
    })
  })
  await withinMs(written, STDERR_MS_MAX, () => undefined)
  return exitCodeOf(error)
}
