import { basename, dirname } from 'node:path'
import { configProblems, resolveConfig } from '@commloop/core'
import { ConfigDocument } from '../read/config-document.js'
import type { NewEntry } from '../write/config-text.js'
import type { ConfigPath } from '../read/config-path.js'
import { optionsOfFile } from '../load/to-node-options.js'
import { inReadingOrder, type PlacedProblem } from '../read/diagnostic.js'
import type { ConfigFile } from '../schema/schema.js'
import { schemaProblems } from '../schema/schema-problems.js'
import { roleProblems } from '../schema/legacy-role.js'

/** What came of a table in the older form. */
export type SeedTable =
  | { readonly ok: true; readonly entries: readonly NewEntry[] }
  | { readonly ok: false; readonly problems: readonly PlacedProblem[] }

/** Where a file may keep its table, beside being one list itself. */
const TABLE_KEYS = ['links', 'g_connections']

/**
 * Reads a list of `{ socket, ip, port, as_server }` from JSON (or YAML): the file as a whole, under `links` or
 * `g_connections`, or under the only key that holds a list.
 */
export function readSeedTable(file: string, text: string): SeedTable {
  const source = { file, name: basename(file), folder: dirname(file), text }
  const document = new ConfigDocument({ ...source, underPackageKey: false, warnings: [] }, {})
  if (document.problems.length > 0) return { ok: false, problems: document.problems }
  const place = tablePath(document.data)
  if (typeof place === 'string') {
    return { ok: false, problems: [document.problemAt('CML_ERR_CONFIG_INVALID', [], place)] }
  }
  // Judged as what it becomes; the listener, which such a table does not name, is not its mistake.
  const judged = { listen: { port: 0 }, links: rowsAt(document.data, place) }
  const found = rowProblems(judged)
  const problems = found.map(({ path, message, isKey }) => {
    const at = [...place, ...path.slice(1)]
    return isKey === true
      ? document.problemAtKey('CML_ERR_CONFIG_INVALID', at, message)
      : document.problemAt('CML_ERR_CONFIG_INVALID', at, message)
  })
  if (problems.length > 0) return { ok: false, problems: inReadingOrder(problems) }
  return { ok: true, entries: entriesOf(judged as ConfigFile) }
}

/** The path of the list, or why there is none. */
function tablePath(data: unknown): ConfigPath | string {
  if (Array.isArray(data)) return []
  if (typeof data !== 'object' || data === null) return 'expected a list of entries'
  const lists = Object.entries(data).filter(([, value]) => Array.isArray(value))
  const keys = lists.map(([key]) => key)
  const known = TABLE_KEYS.find((key) => keys.includes(key))
  if (known !== undefined) return [known]
  const [only] = keys
  if (only !== undefined && keys.length === 1) return [only]
  return keys.length === 0
    ? 'expected a list of entries, or a key that holds one'
    : `several keys hold a list (${keys.join(', ')}); call the table "links"`
}

function rowsAt(data: unknown, [key]: ConfigPath): unknown {
  return key === undefined ? data : (data as Record<string, unknown>)[key]
}

interface RowProblem {
  readonly path: ConfigPath
  readonly message: string
  readonly isKey?: boolean
}

function rowProblems(judged: { listen: { port: number }; links: unknown }): RowProblem[] {
  const wrong = schemaProblems(judged)
  if (wrong.length > 0) return wrong
  const file = judged as ConfigFile
  const roles = file.links.flatMap((entry, index) => roleProblems(entry, ['links', index]))
  return roles.length > 0 ? roles : configProblems(optionsOfFile(file, () => ({})))
}

/** With the ids that the entries would get: written down, they stay when the table changes. */
function entriesOf(file: ConfigFile): NewEntry[] {
  const { entries } = resolveConfig(optionsOfFile(file, () => ({})))
  return entries.map((entry, index) => {
    const ip = file.links[index]?.ip
    const place = ip === undefined ? { host: file.links[index]?.host ?? '' } : { ip }
    const port = entry.role === 'active' ? { port: entry.port } : {}
    const slots = entry.linkIds.length === 1 ? {} : { slots: entry.linkIds.length }
    return { id: entry.id, role: entry.role, ...place, ...port, ...slots }
  })
}
