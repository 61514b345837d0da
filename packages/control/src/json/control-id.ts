import { randomUUID } from 'node:crypto'

/** Nobody else's ids begin like this, so that who numbers his own messages is not told of these. */
const PREFIX = `control:${randomUUID()}:`

let count = 0

/** An id for a message that was sent by hand. */
export function newControlId(): string {
  count++
  return `${PREFIX}${String(count)}`
}

export function isControlId(id: string | undefined): boolean {
  return id?.startsWith(PREFIX) === true
}
