import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const REVISION_DIGITS = 16

/** A short digest of the content of a file. */
export function revisionOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, REVISION_DIGITS)
}
