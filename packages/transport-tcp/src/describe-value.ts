/** A value as a user would write it. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  const json: unknown = JSON.stringify(value)
  return typeof json === 'string' ? json : `a ${typeof value}`
}
