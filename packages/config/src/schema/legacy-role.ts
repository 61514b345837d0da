import type { ConfigPath } from '../read/config-path.js'

/**
 * The older way to write a table: `as_server`, or `is_server`, is 1 where they dial and 0 where we dial; `socket`
 * is the number of a descriptor and means nothing here; a passive entry has the port 0.
 */
export interface SeedFields {
  readonly role?: 'active' | 'passive' | undefined
  readonly port?: number | undefined
  readonly as_server?: 0 | 1 | boolean | undefined
  readonly is_server?: 0 | 1 | boolean | undefined
  readonly socket?: unknown
}

export type Role = 'active' | 'passive'

/** Who dials, in either way of writing; undefined: the entry does not say. */
export function roleOf(entry: SeedFields): Role | undefined {
  return entry.role ?? seedRole(entry.as_server) ?? seedRole(entry.is_server)
}

function seedRole(value: SeedFields['as_server']): Role | undefined {
  if (value === undefined) return undefined
  return value === 1 || value === true ? 'passive' : 'active'
}

/** A port that says that there is none. */
export function isNoPort(entry: SeedFields): boolean {
  const saysSo = seedRole(entry.as_server) ?? seedRole(entry.is_server)
  return entry.port === 0 && saysSo === 'passive'
}

/** Where the two ways of writing contradict each other, and what is missing in both. */
export function roleProblems(
  entry: SeedFields,
  path: ConfigPath,
): { path: ConfigPath; message: string }[] {
  const role = roleOf(entry)
  const problems: { path: ConfigPath; message: string }[] = []
  if (role === undefined) {
    const message = 'expected "active" or "passive", found nothing'
    problems.push({ path: [...path, 'role'], message })
  }
  for (const key of ['as_server', 'is_server'] as const) {
    const said = seedRole(entry[key])
    if (said === undefined || said === role) continue
    const other = entry.role === undefined ? 'as_server' : `role: ${entry.role}`
    problems.push({ path: [...path, key], message: `says ${said} and contradicts ${other}` })
  }
  if (entry.port === 0 && !isNoPort(entry)) {
    problems.push({ path: [...path, 'port'], message: 'expected 1–65535, found 0' })
  }
  return problems
}
