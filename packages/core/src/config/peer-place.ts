import { addressSlip } from '../address/address-slip.js'
import { type AddressPattern, parseAddressPattern } from '../address/address-pattern.js'
import { isUnspecified, parseIp } from '../address/ip-address.js'
import { describeValue } from '../text/describe-value.js'
import type { ConfigProblem } from './config-problem.js'
import type { EntryOptions } from './node-options.js'
import type { OptionReader } from './option-reader.js'

/** A link remembers which of its addresses have failed, and `check` compares the addresses of all entries. */
const PLACES_MAX = 64

type Path = ConfigProblem['path']

/** One address or name of an entry, and where it stands. */
interface WrittenPlace {
  readonly key: 'ip' | 'host'
  readonly path: Path
  readonly text: string
}

/** The addresses or names that an active entry dials, in the order of the table. */
export function readDialHosts(reader: OptionReader, path: Path, entry: EntryOptions): string[] {
  const places = writtenPlaces(reader, path, entry)
  if (places === undefined) {
    reader.problem([...path, 'ip'], 'an active entry needs "ip", or "host" for a name')
    return ['']
  }
  for (const place of places) {
    const problem = place.key === 'ip' ? dialledIpProblem(place) : nameProblem(place)
    if (problem !== undefined) reader.problem(place.path, problem)
  }
  return places.map(({ text }) => text)
}

/** The addresses that a passive entry matches, in the order of the table. */
export function readPatterns(
  reader: OptionReader,
  path: Path,
  entry: EntryOptions,
): AddressPattern[] {
  const places = writtenPlaces(reader, path, entry)
  if (places === undefined) {
    const problem =
      'a passive entry needs "ip": an address, a range, or 0.0.0.0 for anyone; or "host" for a name'
    reader.problem([...path, 'ip'], problem)
    return [{ kind: 'anyone', text: '' }]
  }
  return places.map((place) => {
    const pattern = place.key === 'ip' ? ipPattern(place) : namePattern(place)
    if (typeof pattern !== 'string') return pattern
    reader.problem(place.path, pattern)
    return { kind: 'anyone', text: place.text }
  })
}

/** undefined: the entry has neither `ip` nor `host`. */
function writtenPlaces(
  reader: OptionReader,
  path: Path,
  { role, ip, host }: EntryOptions,
): WrittenPlace[] | undefined {
  const article = role === 'active' ? 'an active' : 'a passive'
  if (ip !== undefined && host !== undefined) {
    reader.problem([...path, 'host'], `${article} entry has either "ip" or "host", not both`)
  }
  const key = ip === undefined ? 'host' : 'ip'
  const written = ip ?? host
  if (written === undefined) return undefined
  if (typeof written === 'string') return [{ key, path: [...path, key], text: written }]
  if (written.length === 0 || written.length > PLACES_MAX) {
    reader.unexpected([...path, key], `1–${String(PLACES_MAX)} addresses in the list`, written)
    return [{ key, path: [...path, key], text: key === 'ip' ? '255.255.255.254' : 'none' }]
  }
  const places = written.map((text, at) => ({ key, path: [...path, key, at], text }) as const)
  for (const [at, { text }] of places.entries()) {
    const first = written.findIndex((other) => placeKey(other) === placeKey(text))
    if (first < at) reader.problem([...path, key, at], `${text} is in the list twice`)
  }
  return places
}

/** Equal for all ways to write an address or a name. */
function placeKey(text: string): string {
  return parseIp(text)?.join('.') ?? text.toLowerCase().replace(/\.$/, '')
}

function dialledIpProblem({ text }: WrittenPlace): string | undefined {
  const address = parseIp(text)
  if (address === undefined) {
    const slip = addressSlip('ip', text)
    if (slip !== undefined) return `expected an IP address, ${slip}`
    const hint = text.includes('/') ? 'a range is for passive entries' : 'names go under "host"'
    return `expected an IP address, found ${describeValue(text)}; ${hint}`
  }
  return isUnspecified(address) ? `${text} means anyone and cannot be dialled` : undefined
}

function nameProblem({ text }: WrittenPlace): string | undefined {
  if (parseIp(text) !== undefined) return undefined
  const slip = addressSlip('host', text)
  if (slip !== undefined) return `expected a host name, ${slip}`
  return isName(text) ? undefined : `expected a host name, found ${describeValue(text)}`
}

/** Digits and dots that are not an address would be looked up as a name, and the other characters are in no name. */
function isName(text: string): boolean {
  return text !== '' && !/^[\d.]+$/.test(text) && !/[:/\\*?@#[\]'"]/.test(text)
}

function ipPattern({ text }: WrittenPlace): AddressPattern | string {
  const pattern = parseAddressPattern(text)
  if (typeof pattern !== 'string') return pattern
  const slip = addressSlip('ip', text)
  if (slip !== undefined) return `expected an IP address or a CIDR range, ${slip}`
  return isName(text) && !text.includes('/') ? `${pattern}; names go under "host"` : pattern
}

/** An address under `host` is an address. */
function namePattern(place: WrittenPlace): AddressPattern | string {
  const { text } = place
  if (parseIp(text) === undefined) return nameProblem(place) ?? { kind: 'name', text }
  const pattern = parseAddressPattern(text)
  return typeof pattern !== 'string' && pattern.kind === 'anyone'
    ? `expected a host name, found ${describeValue(text)}; any address is ip: ${text}`
    : pattern
}
