import { basename, dirname } from 'node:path'
import { type NodeConfig, resolveOptions } from '@commloop/core'
import { toNodeOptions, WITHOUT_PLUGINS } from '../load/to-node-options.js'
import { ConfigDocument } from '../read/config-document.js'
import type { ConfigPath } from '../read/config-path.js'
import { type Diagnostic, inReadingOrder } from '../read/diagnostic.js'
import type { FileProblem } from '../read/file-problem.js'
import { decodeUtf8 } from '../find/utf8-text.js'
import { roleProblems } from '../schema/legacy-role.js'
import type { ConfigFile } from '../schema/schema.js'
import { schemaProblems } from '../schema/schema-problems.js'
import type { NewEntry } from '../write/config-text.js'

/** The result of reading a table in the legacy format. */
export type LegacyTable =
  | { readonly ok: true; readonly entries: readonly NewEntry[] }
  | { readonly ok: false; readonly problems: readonly Diagnostic[] }

/** Keys that may contain the table, if the file is not a list itself. */
const TABLE_KEYS = ['links', 'g_connections']

/**
 * Reads a list of `{ socket, ip, port, as_server }` from JSON or YAML. The list is the whole file, the value of `links`
 * or `g_connections`, or the only list in the file.
 */
export function readLegacyTable(file: string, content: string | Uint8Array): LegacyTable {
  const { text, problem } =
    typeof content === 'string' ? { text: content, problem: undefined } : decodeUtf8(content)
  const encoding = problem === undefined ? {} : { encoding: problem }
  const source = { file, name: basename(file), folder: dirname(file), text, ...encoding }
  const document = new ConfigDocument({ ...source, underPackageKey: false, warnings: [] }, {})
  if (document.problems.length > 0) return { ok: false, problems: document.problems }
  const place = tablePath(document.data)
  if (typeof place === 'string') {
    return { ok: false, problems: [document.diagnostic({ path: [], message: place })] }
  }
  // The rows are validated as a configuration. A legacy table has no listener, so its absence is not a mistake.
  const { node, file: config, problems } = checkRows(rowsAt(document.data, place))
  if (node === undefined) {
    const placed = problems.map((problem) =>
      document.diagnostic({ ...problem, path: [...place, ...problem.path.slice(1)] }),
    )
    return { ok: false, problems: inReadingOrder(placed) }
  }
  return { ok: true, entries: entriesOf(node, config) }
}

/** The path of the list, or a message if there is none. */
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
    ? 'expected a list of entries, or a key that contains one'
    : `several keys contain a list (${keys.join(', ')}); name the table "links"`
}

function rowsAt(data: unknown, [key]: ConfigPath): unknown {
  return key === undefined ? data : (data as Record<string, unknown>)[key]
}

interface CheckedRows {
  readonly file: ConfigFile
  /** undefined: there are problems. */
  readonly node: NodeConfig | undefined
  readonly problems: readonly FileProblem[]
}

function checkRows(links: unknown): CheckedRows {
  const data: unknown = { listen: { port: 0 }, links }
  const file = data as ConfigFile
  const mismatches = schemaProblems(data)
  if (mismatches.length > 0) return { file, node: undefined, problems: mismatches }
  const roles = file.links.flatMap((entry, index) => roleProblems(entry, ['links', index]))
  if (roles.length > 0) return { file, node: undefined, problems: roles }
  const { config, problems } = resolveOptions(toNodeOptions(file, WITHOUT_PLUGINS))
  return { file, node: problems.length === 0 ? config : undefined, problems }
}

/** The entries with explicit ids, so that their ids do not change when the table does. */
function entriesOf({ entries }: NodeConfig, { links }: ConfigFile): NewEntry[] {
  return entries.map((entry, index) => {
    const { ip, host = '' } = links[index] ?? {}
    const place = ip === undefined ? { host } : { ip }
    const port = entry.role === 'active' ? { port: entry.port } : {}
    const slots = entry.linkIds.length === 1 ? {} : { slots: entry.linkIds.length }
    return { id: entry.id, role: entry.role, ...place, ...port, ...slots }
  })
}
