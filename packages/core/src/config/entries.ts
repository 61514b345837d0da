import type { AddressPattern } from '../address/address-pattern.js'
import { describeValue } from '../text/describe-value.js'
import type { ConfigProblem } from './config-problem.js'
import { type EntryName, linkIdsOf, nameEntries } from './entry-names.js'
import { LinkSettingsReader } from './link-settings.js'
import { listenerName, PORT_MAX, writtenListeners } from './listeners.js'
import type { ActiveEntryConfig, EntryConfig, PassiveEntryConfig } from './node-config.js'
import type { EntryOptions, ListenPlace, NodeOptions } from './node-options.js'
import type { OptionReader } from './option-reader.js'
import { readDialHosts, readPatterns } from './peer-place.js'
import { shadowedBy } from './shadowed-entry.js'
import { sharedPlaces } from './shared-place.js'
import { readyWarnings } from './ready-warnings.js'
import type { Steps } from '../turns/steps.js'
import { TwinEntries } from './twin-entries.js'

/** A process cannot have more descriptors. */
const SLOTS_MAX = 1_000_000

type Path = ConfigProblem['path']

const ANYONE: AddressPattern = { kind: 'anyone', text: '' }

/** The table: every entry with its name and its settings. */
export function* entrySteps(reader: OptionReader, node: NodeOptions): Steps<EntryConfig[]> {
  const names = nameEntries(reader, node.links)
  yield
  const links = new LinkSettingsReader(reader, node)
  const twins = new TwinEntries(node.links, node.listen)
  yield
  const context = { reader, node, links, twins }
  const entries: EntryConfig[] = []
  for (const [index, entry] of node.links.entries()) {
    const name = names[index] ?? { id: String(index), derivedFrom: undefined }
    const read = entry.role === 'active' ? readActive : readPassive
    entries.push(read(context, entry, index, name))
    yield
  }
  links.checkRest()
  yield* checkTogether(context, entries)
  return entries
}

/** What only shows when entries are compared with each other. */
function* checkTogether(
  { reader, node, twins }: Context,
  entries: readonly EntryConfig[],
): Steps<void> {
  for (const { entry, first } of sharedPlaces(entries)) {
    reader.warning(
      ['links', entry.index],
      `dials the same address as links[${String(first.index)}] ("${first.id}"): the peer sees two connections from ` +
        'one address. Remove one of the two, or give each its own "bind"',
    )
  }
  yield
  const listeners = writtenListeners(node.listen).map(({ place }) => listenerName(place))
  for (const { entry, pattern, by } of shadowedBy(entries, listeners)) {
    const at = entry.patterns.length === 1 ? [] : [entry.patterns.indexOf(pattern)]
    reader.problem(
      ['links', entry.index, 'ip', ...at],
      `never filled: every address of ${pattern.text} belongs to ${idsText(by)}`,
    )
  }
  yield
  for (const { path, message } of twins.warnings(entries.map(({ id }) => id))) {
    reader.warning(path, message)
  }
  yield
  for (const { path, message } of readyWarnings(entries, node)) reader.warning(path, message)
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
  readonly twins: TwinEntries
}

function readActive(
  { reader, links }: Context,
  entry: EntryOptions,
  index: number,
  name: EntryName,
): ActiveEntryConfig {
  const path = ['links', index]
  rejectKeys(
    reader,
    path,
    entry,
    ['slots', 'duplicate', 'identity', 'listen'],
    'only a passive entry has',
  )
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
  { reader, node, links, twins }: Context,
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
  const listener = readListenerOf(reader, node, path, entry.listen)
  const identities = readIdentities(reader, node, path, entry)
  // One proved name is one peer, from whatever address it connects.
  const onePeer = slots === 1 && (patterns.every(isOnePeer) || identities?.length === 1)
  return Object.freeze({
    role: 'passive' as const,
    ...name,
    index,
    enabled: entry.enabled ?? true,
    linkIds: linkIdsOf(name.id, slots),
    pattern: patterns[0] ?? ANYONE,
    patterns: Object.freeze(patterns),
    listener,
    identities,
    duplicate: entry.duplicate ?? 'challenge',
    settings: links.settings(entry, path, onePeer && !twins.has(index)),
  })
}

/** The name of the listener that the entry names by its name or its port. */
function readListenerOf(
  reader: OptionReader,
  node: NodeOptions,
  path: Path,
  listen: EntryOptions['listen'],
): string | undefined {
  if (listen === undefined) return undefined
  const places = writtenListeners(node.listen).map(({ place }) => place)
  const named = places.filter((place) => isNamed(place, listen))
  const [only] = named
  if (only !== undefined && named.length === 1) return listenerName(only)
  const names = places.map((place) => listenerName(place)).join(', ')
  const found = describeValue(listen)
  if (only !== undefined) {
    reader.problem([...path, 'listen'], `several listeners have the port ${found}: use a name`)
  } else if (places.length > 0) {
    reader.problem([...path, 'listen'], `expected one of the listeners ${names}, found ${found}`)
  }
  return String(listen)
}

function isNamed(place: ListenPlace, listen: string | number): boolean {
  return typeof listen === 'number' ? place.port === listen : listenerName(place) === listen
}

/** The addresses of such patterns are those of one machine, as a table lists them. */
function isOnePeer({ kind }: AddressPattern): boolean {
  return kind === 'exact' || kind === 'name'
}

function readIdentities(
  reader: OptionReader,
  node: NodeOptions,
  path: Path,
  { identity, listen }: EntryOptions,
): readonly string[] | undefined {
  if (identity === undefined) return undefined
  const identities = typeof identity === 'string' ? [identity] : identity
  if (identities.length === 0 || identities.includes('')) {
    reader.unexpected([...path, 'identity'], 'a name or a list of names', identity)
  }
  const places = writtenListeners(node.listen).map(({ place }) => place)
  const reaching = listen === undefined ? places : places.filter((place) => isNamed(place, listen))
  if (reaching.length > 0 && reaching.every(({ tls }) => tls === undefined)) {
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
