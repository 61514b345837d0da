import type { AddressPattern } from '../address/address-pattern.js'
import type { ConfigProblem } from './config-problem.js'
import { type EntryName, linkIdsOf, nameEntries } from './entry-names.js'
import { LinkSettingsReader } from './link-settings.js'
import type { ActiveEntryConfig, EntryConfig, PassiveEntryConfig } from './node-config.js'
import type { EntryOptions, NodeOptions } from './node-options.js'
import type { OptionReader } from './option-reader.js'
import { readDialHosts, readPatterns } from './peer-place.js'
import { shadowedBy } from './shadowed-entry.js'
import { sharedPlaces } from './shared-place.js'

export const PORT_MAX = 65_535
/** A process cannot have more descriptors. */
const SLOTS_MAX = 1_000_000

type Path = ConfigProblem['path']

const ANYONE: AddressPattern = { kind: 'anyone', text: '' }

/** The table: every entry with its name and its settings. */
export function readEntries(reader: OptionReader, node: NodeOptions): EntryConfig[] {
  const names = nameEntries(reader, node.links)
  const links = new LinkSettingsReader(reader, node)
  const context = { reader, node, links }
  const entries = node.links.map((entry, index) => {
    const name = names[index] ?? { id: String(index), derivedFrom: undefined }
    return entry.role === 'active'
      ? readActive(context, entry, index, name)
      : readPassive(context, entry, index, name)
  })
  links.checkRest()
  for (const { entry, first } of sharedPlaces(entries)) {
    reader.warning(
      ['links', entry.index],
      `dials the same address as links[${String(first.index)}] ("${first.id}"): the peer sees two connections from ` +
        'one address. Remove one of the two, or give each its own "bind"',
    )
  }
  for (const { entry, pattern, by } of shadowedBy(entries)) {
    const at = entry.patterns.length === 1 ? [] : [entry.patterns.indexOf(pattern)]
    reader.problem(
      ['links', entry.index, 'ip', ...at],
      `never filled: every address of ${pattern.text} belongs to ${idsText(by)}`,
    )
  }
  return entries
}

/** A range may be covered by thousands of entries. */
const SHOWN_IDS_MAX = 20

function idsText(entries: readonly EntryConfig[]): string {
  const shown = entries.slice(0, SHOWN_IDS_MAX).map(({ id }) => id)
  const more = entries.length - shown.length
  return shown.join(', ') + (more === 0 ? '' : ` and ${String(more)} more`)
}

interface Context {
  readonly reader: OptionReader
  readonly node: NodeOptions
  readonly links: LinkSettingsReader
}

function readActive(
  { reader, links }: Context,
  entry: EntryOptions,
  index: number,
  name: EntryName,
): ActiveEntryConfig {
  const path = ['links', index]
  rejectKeys(reader, path, entry, ['slots', 'duplicate', 'identity'], 'only a passive entry has')
  const port = reader.integer([...path, 'port'], entry.port, { min: 1, max: PORT_MAX, default: 1 })
  if (entry.port === undefined) {
    reader.problem(
      [...path, 'port'],
      'expected 1–65535, found nothing: an active entry needs a port',
    )
  }
  const settings = links.settings(entry, path, true)
  const source = links.bind(entry, path)
  const hosts = readDialHosts(reader, path, entry)
  return Object.freeze({
    role: 'active' as const,
    ...name,
    index,
    enabled: entry.enabled ?? true,
    linkIds: [name.id],
    host: hosts[0] ?? '',
    hosts: Object.freeze(hosts),
    port,
    bind: source?.ip,
    bindPort: source?.port,
    transportOptions: {
      ...entry.transportOptions,
      ...(entry.tls === undefined ? {} : { tls: entry.tls }),
    },
    settings,
  })
}

function readPassive(
  { reader, node, links }: Context,
  entry: EntryOptions,
  index: number,
  name: EntryName,
): PassiveEntryConfig {
  const path = ['links', index]
  rejectKeys(
    reader,
    path,
    entry,
    ['port', 'bind', 'tls', 'transportOptions', 'addresses'],
    'only an active entry has',
  )
  const slots = reader.integer([...path, 'slots'], entry.slots, {
    min: 1,
    max: SLOTS_MAX,
    default: 1,
  })
  if (entry.reconnect !== undefined) {
    reader.warning([...path, 'reconnect'], 'has no effect: a passive entry never dials')
  }
  const patterns = readPatterns(reader, path, entry)
  const identities = readIdentities(reader, node, path, entry.identity)
  // One proved name is one peer, from whatever address it connects.
  const lasting = slots === 1 && (patterns.every(isOnePeer) || identities?.length === 1)
  return Object.freeze({
    role: 'passive' as const,
    ...name,
    index,
    enabled: entry.enabled ?? true,
    linkIds: linkIdsOf(name.id, slots),
    pattern: patterns[0] ?? ANYONE,
    patterns: Object.freeze(patterns),
    identities,
    duplicate: entry.duplicate ?? 'challenge',
    settings: links.settings(entry, path, lasting),
  })
}

/** The addresses of such patterns are those of one machine, as a table lists them. */
function isOnePeer({ kind }: AddressPattern): boolean {
  return kind === 'exact' || kind === 'name'
}

function readIdentities(
  reader: OptionReader,
  node: NodeOptions,
  path: Path,
  identity: EntryOptions['identity'],
): readonly string[] | undefined {
  if (identity === undefined) return undefined
  const identities = typeof identity === 'string' ? [identity] : identity
  if (identities.length === 0 || identities.includes('')) {
    reader.unexpected([...path, 'identity'], 'a name or a list of names', identity)
  }
  if (node.listen !== undefined && node.listen['tls'] === undefined) {
    reader.problem([...path, 'identity'], 'names are proved by TLS: set "listen.tls"')
  }
  return identities
}

function rejectKeys(
  reader: OptionReader,
  path: Path,
  entry: EntryOptions,
  keys: readonly (keyof EntryOptions)[],
  why: string,
): void {
  for (const key of keys) {
    if (entry[key] !== undefined) reader.problem([...path, key], `${why} "${key}"`)
  }
}
