import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageText } from '@commloop/core'
import { UsageError } from '../../command-line/usage-error.js'

const HEX = /^(?:[0-9a-f]{2})+$/i

/** The beginning of what a user gave. */
export interface GivenBytes {
  readonly bytes: Uint8Array
  /** False: there are more bytes. */
  readonly all: boolean
}

/**
 * The bytes of a file, or those that hexadecimal digits mean. A file with such a name is preferred.
 * @throws UsageError if there is no such file and the text is not hexadecimal
 */
export async function givenBytes(
  given: string,
  cwd: string,
  bytesMax: number,
): Promise<GivenBytes> {
  const digits = given.replaceAll(/[\s:]/g, '')
  try {
    return cut(await firstBytesOf(resolve(cwd, given), bytesMax + 1), bytesMax)
  } catch (error) {
    if (HEX.test(digits)) return cut(Buffer.from(digits, 'hex'), bytesMax)
    throw new UsageError(
      `--guess: expected the path of a file, or two hexadecimal digits for each byte: ${messageText(error)}`,
    )
  }
}

async function firstBytesOf(path: string, bytesMax: number): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const bytes = new Uint8Array(bytesMax)
    let size = 0
    while (size < bytesMax) {
      const { bytesRead } = await file.read(bytes, size, bytesMax - size)
      if (bytesRead === 0) break
      size += bytesRead
    }
    return bytes.subarray(0, size)
  } finally {
    await file.close()
  }
}

function cut(bytes: Uint8Array, bytesMax: number): GivenBytes {
  return { bytes: bytes.subarray(0, bytesMax), all: bytes.length <= bytesMax }
}
