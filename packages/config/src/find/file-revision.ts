import { createHash } from 'node:crypto'
import { readRegularFile } from './regular-file.js'

const REVISION_DIGITS = 16
/** Far more than a plugin in one file, or a file of certificates, needs. */
const FILE_BYTES_MAX = 16 * 1024 * 1024

/**
 * A short digest of the content of a file.
 *
 * @throws CommloopError CML_ERR_CONFIG_INVALID if it is not a regular file or too large; an error of the system
 */
export function revisionOf(file: string): string {
  const { bytes } = readRegularFile(file, file, FILE_BYTES_MAX, 'plugin')
  return createHash('sha256').update(bytes).digest('hex').slice(0, REVISION_DIGITS)
}
