import type { ConfigPath } from '../read/config-path.js'
import type { FileProblem } from '../read/file-problem.js'

/**
 * The legacy format of an entry: `as_server`, or `is_server`, is 1 if the peer dials and 0 if we dial. `socket` is a
 * descriptor number and is ignored. A passive entry has the port 0.
 */
export interface LegacyFields {
  readonly role?: 'active' | 'passive' | undefined
  readonly port?: number | undefined
  readonly as_server?: 0 | 1 | boolean | undefined
  readonly is_server?: 0 | 1 | boolean | undefined
  readonly socket?: unknown
}

export type Role = 'active' | 'passive'

/** The role in either format; undefined: the entry has none. */
export function roleOf(entry: LegacyFields): Role | undefined {
  return entry.role ?? legacyRole(entry.as_server) ?? legacyRole(entry.is_server)
}

function legacyRole(value: LegacyFields['as_server']): Role | undefined {
  if (value === undefined) return undefined
  return value === 1 || value === true ? 'passive' : 'active'
}

/** Whether the port 0 means that there is no port. */
export function isNoPort(entry: LegacyFields): boolean {
  const role = legacyRole(entry.as_server) ?? legacyRole(entry.is_server)
  return entry.port === 0 && role === 'passive'
}

/** A missing role, and contradictions between the two formats. */
export function roleProblems(entry: LegacyFields, path: ConfigPath): FileProblem[] {
  const role = roleOf(entry)
  const problems: FileProblem[] = []
  if (role === undefined) {
    const message = 'expected "active" or "passive", found nothing'
    problems.push({ path: [...path, 'role'], message })
  }
  for (const key of ['as_server', 'is_server'] as const) {
    const other = legacyRole(entry[key])
    if (other === undefined || other === role) continue
    const first = entry.role === undefined ? 'as_server' : `role: ${entry.role}`
    problems.push({ path: [...path, key], message: `means ${other}, which contradicts ${first}` })
  }
  if (entry.port === 0 && !isNoPort(entry)) {
    problems.push({ path: [...path, 'port'], message: 'expected 1–65535, found 0' })
  }
  return problems
}
