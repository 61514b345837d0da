/** Whether a parsed value has members: a map, or a list. */
export function isMap(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null
}
