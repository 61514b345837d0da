/** A value as a user would recognise it. */
export function foundText(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  const json: unknown = JSON.stringify(value)
  return typeof json === 'string' ? json : `a ${typeof value}`
}
