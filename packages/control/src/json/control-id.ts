import { randomUUID } from 'node:crypto'

/** A unique prefix, so that outcomes of operator sends are hidden from applications that use their own ids. */
const PREFIX = `control:${randomUUID()}:`

let count = 0

/** An id for a message that an operator sends. */
export function newControlId(): string {
  count++
  return `${PREFIX}${String(count)}`
}

/** True for the id of a message that an operator has sent. */
export function isControlId(id: string | undefined): boolean {
  return id?.startsWith(PREFIX) === true
}
