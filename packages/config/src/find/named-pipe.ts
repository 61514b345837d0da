import { closeSync, constants, openSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommloopError, durationText, systemCode } from '@commloop/core'
import { tooLarge } from './regular-file.js'

/** How long the other program may take to write the whole file. */
const PIPE_MS_MAX = 10_000
const POLL_MS = 10

/**
 * Reads a pipe that the user named, such as `--config <(sops -d node.yaml)`. The descriptor never blocks, so that a pipe
 * without a writer ends in a message.
 *
 * @throws CommloopError CML_ERR_CONFIG_INVALID if it is too large, or if nothing comes; an error of the system
 */
export async function readNamedPipe(
  file: string,
  name: string,
  bytesMax: number,
  what: string,
): Promise<Buffer> {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const chunk = Buffer.allocUnsafe(64 * 1024)
    const parts: Buffer[] = []
    let bytes = 0
    for (let waitedMs = 0; waitedMs < PIPE_MS_MAX;) {
      const count = readAvailable(descriptor, chunk)
      // Without bytes so far, the writer may not have opened the pipe yet.
      if (count === 0 && bytes > 0) return Buffer.concat(parts)
      if (count === undefined || count === 0) {
        await sleep(POLL_MS)
        waitedMs += POLL_MS
        continue
      }
      bytes += count
      if (bytes > bytesMax) throw tooLarge(name, bytesMax, what)
      parts.push(Buffer.from(chunk.subarray(0, count)))
    }
  } finally {
    closeSync(descriptor)
  }
  const text = `${name} is a pipe, and no program wrote a whole file to it within ${durationText(PIPE_MS_MAX)}`
  throw new CommloopError('CML_ERR_CONFIG_INVALID', text)
}

/** undefined: there is nothing to read at this moment; 0: no program has the pipe open for writing. */
function readAvailable(descriptor: number, chunk: Buffer): number | undefined {
  try {
    return readSync(descriptor, chunk, 0, chunk.length, null)
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return undefined
    throw error
  }
}
