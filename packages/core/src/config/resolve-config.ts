import { CommloopError } from '../contracts/errors.js'
import { parseAddressPattern, type AddressPattern } from '../address/address-pattern.js'
import { shadowedBy } from './shadowed-entry.js'
import { isUnspecified, parseIp } from '../address/ip-address.js'
import { type ConfigProblem, pathText } from './config-problem.js'
import { type EntryName, linkIdsOf, nameEntries } from './entry-names.js'
import { readLinkSettings } from './link-settings.js'
import type {
  ActiveEntryConfig,
  EntryConfig,
  ListenConfig,
  NodeConfig,
  PassiveEntryConfig,
} from './node-config.js'
import type { EntryOptions, LinkOptions, NodeOptions } from './node-options.js'
import { OptionReader, found } from './option-reader.js'

const PORT_MAX = 65_535
/** More would be more than a process can have descriptors. */
const SLOTS_MAX = 1_000_000
const COUNT_MAX = 2 ** 31 - 1
const MIB = 1024 * 1024

/** Every mistake in `options`, in the order of the table; empty: `resolveConfig` will not throw. */
export function configProblems(options: NodeOptions): ConfigProblem[] {
  return readConfig(options).problems
}

/**
 * Fills in defaults and resolves units.
 * @throws CommloopError CML_ERR_CONFIG_INVALID naming every mistake.
 */
export function resolveConfig(options: NodeOptions): NodeConfig {
  const { config, problems } = readConfig(options)
  const error = problemsError(problems)
  if (error !== undefined) throw error
  return config
}

/** One error that names every problem; undefined: there is none. */
export function problemsError(problems: readonly ConfigProblem[]): CommloopError | undefined {
  if (problems.length === 0) return undefined
  const lines = problems.map(({ path, message }) => `${pathText(path)}: ${message}`)
  return new CommloopError('CML_ERR_CONFIG_INVALID', lines.join('\n'))
}

/** The configuration as far as it can be read, and every mistake. */
export function readConfig(options: NodeOptions): {
  config: NodeConfig
  problems: ConfigProblem[]
} {
  const reader = new OptionReader()
  const entries = readEntries(reader, options)
  const config: NodeConfig = {
    name: options.node ?? 'commloop',
    listen: readListen(reader, options, entries),
    entries,
    relay: options.relay ?? false,
    auditEveryMs: reader.duration(['audit', 'every'], options.audit?.every, 60_000),
    auditGraceMs: reader.duration(['audit', 'grace'], options.audit?.grace, 30_000),
    routingMessagesMax: reader.integer(['routing', 'messages'], options.routing?.messages, {
      min: 1,
      max: COUNT_MAX,
      default: 10_000,
    }),
    routingBytesMax: reader.size(['routing', 'bytes'], options.routing?.bytes, 16 * MIB),
    routerTimeoutMs: reader.duration(['routerTimeout'], options.routerTimeout, 1_000),
    deferMsMax: reader.duration(['deferMax'], options.deferMax, 60_000),
    iteratorMessagesMax: reader.integer(['iterator', 'messages'], options.iterator?.messages, {
      min: 1,
      max: COUNT_MAX,
      default: 1_024,
    }),
    iteratorBytesMax: reader.size(['iterator', 'bytes'], options.iterator?.bytes, MIB),
    dialsMax: reader.integer(['dials'], options.dials, { min: 1, max: COUNT_MAX, default: 64 }),
    stopDeadlineMs: reader.duration(['stopDeadline'], options.stopDeadline, 5_000),
  }
  return { config: Object.freeze(config), problems: withoutRepeats(reader.problems) }
}

/** A mistake at the top is met once for each entry that inherits it. */
function withoutRepeats(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>()
  return problems.filter((problem) => {
    const key = `${pathText(problem.path)} ${problem.message}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function readListen(
  reader: OptionReader,
  options: NodeOptions,
  entries: readonly EntryConfig[],
): ListenConfig | undefined {
  if (options.listen === undefined) {
    const passive = entries.find((entry) => entry.role === 'passive')
    if (passive !== undefined) {
      reader.problem(
        ['links', passive.index],
        'a passive entry needs "listen" at the top of the file',
      )
    }
    return undefined
  }
  const { host = '0.0.0.0', port, ...transportOptions } = options.listen
  if (parseIp(host) === undefined) {
    reader.problem(['listen', 'host'], `expected an IP address, found ${found(host)}`)
  }
  const range = { min: 0, max: PORT_MAX, default: 0 }
  return { host, port: reader.integer(['listen', 'port'], port, range), transportOptions }
}

function readEntries(reader: OptionReader, options: NodeOptions): EntryConfig[] {
  const names = nameEntries(reader, options.links)
  const entries = options.links.map((entry, index) => {
    const name = names[index] ?? { id: String(index), derivedFrom: undefined }
    return entry.role === 'active'
      ? readActive(reader, options, entry, index, name)
      : readPassive(reader, options, entry, index, name)
  })
  for (const { entry, by } of shadowedBy(entries)) {
    reader.problem(
      ['links', entry.index, 'ip'],
      `never filled: every address of ${entry.pattern.text} belongs to ${by.map(({ id }) => id).join(', ')}`,
    )
  }
  return entries
}

function readActive(
  reader: OptionReader,
  node: NodeOptions,
  entry: EntryOptions,
  index: number,
  name: EntryName,
): ActiveEntryConfig {
  const path = ['links', index]
  refuseKeys(reader, path, entry, ['slots', 'duplicate', 'identity'], 'only a passive entry has')
  const port = reader.integer([...path, 'port'], entry.port, { min: 1, max: PORT_MAX, default: 1 })
  if (entry.port === undefined) {
    reader.problem(
      [...path, 'port'],
      'expected 1–65535, found nothing: an active entry needs a port',
    )
  }
  const { settings, inherited } = readSettings(reader, node, entry, path, true)
  return Object.freeze({
    role: 'active' as const,
    ...name,
    index,
    enabled: entry.enabled ?? true,
    linkIds: [name.id],
    host: readDialHost(reader, path, entry),
    port,
    bind: readBind(reader, path, entry, inherited.bind),
    transportOptions: {
      ...entry.transportOptions,
      ...(entry.tls === undefined ? {} : { tls: entry.tls }),
    },
    settings,
  })
}

function readDialHost(
  reader: OptionReader,
  path: readonly (string | number)[],
  entry: EntryOptions,
): string {
  if (entry.ip !== undefined && entry.host !== undefined) {
    reader.problem([...path, 'host'], 'an active entry has either "ip" or "host", not both')
  }
  if (entry.ip === undefined) {
    if (entry.host === undefined) {
      reader.problem([...path, 'ip'], 'an active entry needs "ip", or "host" for a name')
    } else if (looksLikeBadIpv4(entry.host)) {
      reader.problem([...path, 'host'], `expected a host name, found ${found(entry.host)}`)
    }
    return entry.host ?? ''
  }
  const address = parseIp(entry.ip)
  if (address === undefined) {
    const hint = entry.ip.includes('/') ? 'a range is for passive entries' : 'names go under "host"'
    reader.problem([...path, 'ip'], `expected an IP address, found ${found(entry.ip)}; ${hint}`)
  } else if (isUnspecified(address)) {
    reader.problem([...path, 'ip'], `${entry.ip} means anyone and cannot be dialled`)
  }
  return entry.ip
}

/** Four numbers with dots that are no address: dialling would ask the name service for them. */
function looksLikeBadIpv4(host: string): boolean {
  return host === '' || (/^[\d.]+$/.test(host) && parseIp(host) === undefined)
}

function readBind(
  reader: OptionReader,
  path: readonly (string | number)[],
  entry: EntryOptions,
  bind: string | undefined,
): string | undefined {
  if (bind !== undefined && parseIp(bind) === undefined) {
    const at = entry.bind === undefined ? ['bind'] : [...path, 'bind']
    reader.problem(at, `expected an IP address, found ${found(bind)}`)
  }
  return bind
}

function readPassive(
  reader: OptionReader,
  node: NodeOptions,
  entry: EntryOptions,
  index: number,
  name: EntryName,
): PassiveEntryConfig {
  const path = ['links', index]
  refuseKeys(
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
  const pattern = readPattern(reader, [...path, 'ip'], entry.ip)
  const identities = readIdentities(reader, node, path, entry.identity)
  // One proved name is one peer, wherever it comes from.
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
    settings: readSettings(reader, node, entry, path, lasting).settings,
  })
}

function readIdentities(
  reader: OptionReader,
  node: NodeOptions,
  path: readonly (string | number)[],
  identity: EntryOptions['identity'],
): readonly string[] | undefined {
  if (identity === undefined) return undefined
  const identities = typeof identity === 'string' ? [identity] : identity
  if (identities.length === 0 || identities.includes('')) {
    reader.problem(
      [...path, 'identity'],
      `expected a name or a list of names, found ${found(identity)}`,
    )
  }
  if (node.listen !== undefined && node.listen['tls'] === undefined) {
    reader.problem([...path, 'identity'], 'names are proved by TLS: set "listen.tls"')
  }
  return identities
}

function readPattern(
  reader: OptionReader,
  path: readonly (string | number)[],
  text: string | undefined,
): AddressPattern {
  const pattern =
    text === undefined
      ? 'a passive entry needs "ip": an address, a range, or 0.0.0.0 for anyone'
      : parseAddressPattern(text)
  if (typeof pattern !== 'string') return pattern
  reader.problem(path, pattern)
  return { kind: 'anyone', text: text ?? '' }
}

function readSettings(
  reader: OptionReader,
  node: NodeOptions,
  entry: EntryOptions,
  path: readonly (string | number)[],
  lasting: boolean,
): { settings: EntryConfig['settings']; inherited: LinkOptions } {
  const own = new Set(
    Object.keys(entry).filter((key) => entry[key as keyof EntryOptions] !== undefined),
  )
  const inherited: LinkOptions = { ...node, ...definedOnly(entry) }
  return { settings: readLinkSettings(reader, inherited, path, own, lasting), inherited }
}

function definedOnly(entry: EntryOptions): Partial<EntryOptions> {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
}

function refuseKeys(
  reader: OptionReader,
  path: readonly (string | number)[],
  entry: EntryOptions,
  keys: readonly (keyof EntryOptions)[],
  why: string,
): void {
  for (const key of keys) {
    if (entry[key] !== undefined) reader.problem([...path, key], `${why} "${key}"`)
  }
}
