import { parseAddressPattern, type AddressPattern } from '../address/address-pattern.js'
import { isUnspecified, parseIp } from '../address/ip-address.js'
import { describeValue } from '../text/describe-value.js'
import type { ConfigProblem } from './config-problem.js'
import { type EntryName, linkIdsOf, nameEntries } from './entry-names.js'
import { LinkSettingsReader } from './link-settings.js'
import type { ActiveEntryConfig, EntryConfig, PassiveEntryConfig } from './node-config.js'
import type { EntryOptions, NodeOptions } from './node-options.js'
import type { OptionReader } from './option-reader.js'
import { shadowedBy } from './shadowed-entry.js'
import { sharedPlaces } from './shared-place.js'

export const PORT_MAX = 65_535
/** A process cannot have more descriptors. */
const SLOTS_MAX = 1_000_000

type Path = ConfigProblem['path']

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
  for (const { entry, by } of shadowedBy(entries)) {
    reader.problem(
      ['links', entry.index, 'ip'],
      `never filled: every address of ${entry.pattern.text} belongs to ${idsText(by)}`,
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
  return Object.freeze({
    role: 'active' as const,
    ...name,
    index,
    enabled: entry.enabled ?? true,
    linkIds: [name.id],
    host: readDialHost(reader, path, entry),
    port,
    bind: links.bind(entry, path),
    transportOptions: {
      ...entry.transportOptions,
      ...(entry.tls === undefined ? {} : { tls: entry.tls }),
    },
    settings,
  })
}

function readDialHost(reader: OptionReader, path: Path, entry: EntryOptions): string {
  if (entry.ip !== undefined && entry.host !== undefined) {
    reader.problem([...path, 'host'], 'an active entry has either "ip" or "host", not both')
  }
  if (entry.ip === undefined) {
    if (entry.host === undefined) {
      reader.problem([...path, 'ip'], 'an active entry needs "ip", or "host" for a name')
    } else if (looksLikeBadIpv4(entry.host)) {
      reader.unexpected([...path, 'host'], 'a host name', entry.host)
    }
    return entry.host ?? ''
  }
  const address = parseIp(entry.ip)
  if (address === undefined) {
    const hint = entry.ip.includes('/') ? 'a range is for passive entries' : 'names go under "host"'
    const found = describeValue(entry.ip)
    reader.problem([...path, 'ip'], `expected an IP address, found ${found}; ${hint}`)
  } else if (isUnspecified(address)) {
    reader.problem([...path, 'ip'], `${entry.ip} means anyone and cannot be dialled`)
  }
  return entry.ip
}

/** Digits and dots that are not an address: a dial would look them up as a host name. */
function looksLikeBadIpv4(host: string): boolean {
  return host === '' || (/^[\d.]+$/.test(host) && parseIp(host) === undefined)
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
    ['host', 'port', 'bind', 'tls', 'transportOptions'],
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
  const pattern = readPattern(reader, [...path, 'ip'], entry.ip)
  const identities = readIdentities(reader, node, path, entry.identity)
  // One proved name is one peer, from whatever address it connects.
  const lasting = slots === 1 && (pattern.kind === 'exact' || identities?.length === 1)
  return Object.freeze({
    role: 'passive' as const,
    ...name,
    index,
    enabled: entry.enabled ?? true,
    linkIds: linkIdsOf(name.id, slots),
    pattern,
    identities,
    duplicate: entry.duplicate ?? 'challenge',
    settings: links.settings(entry, path, lasting),
  })
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

function readPattern(reader: OptionReader, path: Path, text: string | undefined): AddressPattern {
  const pattern =
    text === undefined
      ? 'a passive entry needs "ip": an address, a range, or 0.0.0.0 for anyone'
      : parseAddressPattern(text)
  if (typeof pattern !== 'string') return pattern
  reader.problem(path, pattern)
  return { kind: 'anyone', text: text ?? '' }
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
