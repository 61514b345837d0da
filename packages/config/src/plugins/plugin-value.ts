import { PLUGIN_KINDS, type PluginKind } from '@commloop/core'

/** Says why a value does not implement the contract of a kind; undefined if it does, as far as its members show. */
export function valueProblem(kind: PluginKind, value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `is ${describeType(value)}, not an object`
  if ('then' in value) return 'is a promise: await it in the module, before the export'
  const members = value as Readonly<Record<string, unknown>>
  for (const [member, type] of Object.entries(PLUGIN_KINDS[kind].members)) {
    const found = members[member]
    if (typeof found !== type) {
      return `has ${describeType(found)} as "${member}", expected a ${type}`
    }
  }
  return undefined
}

/**
 * A plugin returned a promise although it must answer synchronously. The promise is reported as a mistake; a rejection of
 * it would end the process before that.
 */
export function ignoreRejection(value: unknown): boolean {
  if (!(value instanceof Promise)) return false
  value.catch(() => undefined)
  return true
}

function describeType(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
