import { primitiveText } from './short-text.js'

const TEXT_LENGTH_MAX = 60

/** A value as it appears after "found" in a message: `"pasive"`, `70000`, `a list`, `a map`, `nothing`. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'object') return isList(value) ? 'a list' : 'a map'
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value === 'bigint') return primitiveText(value)
  // A little more than is shown: JSON of a text of many megabytes would be as long.
  const shown = typeof value === 'string' ? value.slice(0, TEXT_LENGTH_MAX + 1) : value
  const text = JSON.stringify(shown)
  return text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX - 3)}…"` : text
}

/** False for a revoked proxy, for which `isArray` throws. */
function isList(value: object): boolean {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}
