import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { CommloopError, sizeText } from '@commloop/core'

/** Opening a pipe without a writer would block for ever. A regular file is read as without this flag. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

/** The content of a regular file, and what the system knows about it. */
export interface RegularFile {
  readonly bytes: Buffer
  readonly stats: Stats
}

/**
 * Reads a file, but only if it is a regular file and not too large: a pipe could block for ever, and a device may be
 * endless. It is checked before it is opened, because opening a device may have an effect, and again when it is open.
 *
 * @param name the file as the user would type it
 * @param what the limit, as in "exceeds the 1MiB configuration size limit"
 * @throws CommloopError CML_ERR_CONFIG_INVALID if it is something else or too large; an error of the system if it cannot
 *   be read
 */
export function readRegularFile(
  file: string,
  name: string,
  bytesMax: number,
  what: string,
): RegularFile {
  checkRegular(statSync(file), name, bytesMax, what)
  const descriptor = openSync(file, OPEN_FLAGS)
  try {
    const stats = fstatSync(descriptor)
    checkRegular(stats, name, bytesMax, what)
    return { bytes: readUpTo(descriptor, bytesMax, name, what), stats }
  } finally {
    closeSync(descriptor)
  }
}

function checkRegular(stats: Stats, name: string, bytesMax: number, what: string): void {
  if (!stats.isFile()) throw notRegular(stats, name)
  if (stats.size > bytesMax) throw tooLarge(name, bytesMax, what)
}

export function notRegular(stats: Stats, name: string): CommloopError {
  const text = stats.isDirectory() ? 'a folder' : stats.isFIFO() ? 'a pipe' : 'not a regular file'
  return new CommloopError('CML_ERR_CONFIG_INVALID', `${name} is ${text}, expected a file`)
}

export function tooLarge(name: string, bytesMax: number, what: string): CommloopError {
  const text = `${name} exceeds the ${sizeText(bytesMax)} ${what} size limit`
  return new CommloopError('CML_ERR_CONFIG_INVALID', text)
}

/** A file in /proc has the size 0, and any file may grow while it is read. */
function readUpTo(descriptor: number, bytesMax: number, name: string, what: string): Buffer {
  const chunk = Buffer.allocUnsafe(64 * 1024)
  const parts: Buffer[] = []
  let bytes = 0
  for (;;) {
    const count = readSync(descriptor, chunk, 0, chunk.length, null)
    if (count === 0) return Buffer.concat(parts)
    bytes += count
    if (bytes > bytesMax) throw tooLarge(name, bytesMax, what)
    parts.push(Buffer.from(chunk.subarray(0, count)))
  }
}
