/** Begins the ids of the copies of requests. No sensible id of an application begins with the byte 0. */
const PREFIX = '\0request '

/** The id of the copy of a request, by which the node follows the copy. It is shown to no listener. */
export function copyIdOf(serial: number): string {
  return PREFIX + String(serial)
}

export function isRequestCopy(id: string): boolean {
  return id.startsWith(PREFIX)
}
