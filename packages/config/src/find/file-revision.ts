import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const REVISION_DIGITS = 16

/** What a file holds, in few words: equal as long as its bytes are. */
export function revisionOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, REVISION_DIGITS)
}
