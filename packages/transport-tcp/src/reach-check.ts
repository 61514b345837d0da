import {
  type AddressPattern,
  type IpBytes,
  isLoopback,
  isUnspecified,
  parseAddressPattern,
  parseIp,
  patternMatches,
  type PluginEntry,
  type PluginOptions,
  type PluginProblem,
  type PluginUse,
  sameIp,
  sameNetwork,
} from '@commloop/core'
import { isOwn, neighbourOf, type OwnAddress } from './own-addresses.js'

/** The address at which a node listens. */
interface Door {
  readonly text: string
  readonly address: IpBytes
  readonly port: unknown
  /** `::` accepts both families, because Node does not set IPV6_V6ONLY. Every other address accepts its own. */
  readonly bothFamilies: boolean
}

/**
 * Finds entries that the sockets of this node cannot serve. They are warnings and not mistakes: the other entries work, some
 * depend on the machine, and a configuration may be checked on another one.
 */
export function checkReach(
  { listen, listeners, links }: PluginUse['node'],
  own: readonly OwnAddress[],
): PluginProblem[] {
  const warnings: PluginProblem[] = []
  const all = listeners ?? (listen === undefined ? [] : [{ path: ['listen'], options: listen }])
  for (const [index, entry] of links.entries()) {
    const doors = all
      .filter(({ options }) => entry.role === 'active' || isReached(entry, options))
      .flatMap(({ options }) => doorOf(options) ?? [])
    if (doors.length === 0) continue
    for (const { text, path } of placesOf(entry)) {
      const message = placeRemark(entry, text, doors, own)
      if (message !== undefined) warnings.push({ path: ['links', index, ...path], message })
    }
  }
  return warnings
}

function isReached({ listen }: PluginEntry, { name, port }: PluginOptions): boolean {
  return listen === undefined || listen === port || listen === (name ?? String(port))
}

/** A passive entry is served if one of its doors lets its peer in. */
function placeRemark(
  entry: PluginEntry,
  text: string,
  doors: readonly Door[],
  own: readonly OwnAddress[],
): string | undefined {
  if (entry.role === 'active') {
    return doors.map((door) => selfDial(text, entry.port, door, own)).find(isText)
  }
  // The addresses of a name are not known yet.
  const pattern = entry.ip === undefined ? '' : parseAddressPattern(text)
  if (typeof pattern === 'string' || !('address' in pattern)) return undefined
  const fitting = doors.filter((door) => familyProblem(pattern, door) === undefined)
  if (fitting.length === 0) return doors.map((door) => familyProblem(pattern, door)).find(isText)
  const remarks = fitting.map((door) => unreachable(pattern, door, own))
  return remarks.includes(undefined) ? undefined : remarks[0]
}

function isText(remark: string | undefined): remark is string {
  return remark !== undefined
}

/** The addresses or names of an entry, and where they stand. */
function placesOf({
  ip,
  host,
}: PluginEntry): { readonly text: string; readonly path: readonly (string | number)[] }[] {
  const key = ip === undefined ? 'host' : 'ip'
  const written = ip ?? host ?? []
  if (typeof written === 'string') return [{ text: written, path: [key] }]
  return written.map((text, at) => ({ text, path: [key, at] }))
}

function doorOf(listen: PluginOptions): Door | undefined {
  const host = listen['host'] ?? '0.0.0.0'
  if (typeof host !== 'string') return undefined
  const address = parseIp(host)
  if (address === undefined) return undefined
  const bothFamilies = address.length > 4 && isUnspecified(address)
  return { text: host, address, port: listen['port'], bothFamilies }
}

type Addressed = Exclude<AddressPattern, { kind: 'anyone' | 'name' }>

function familyProblem({ text, address }: Addressed, door: Door): string | undefined {
  if (door.bothFamilies || address.length === door.address.length) return undefined
  const [ours, theirs] = door.address.length === 4 ? ['IPv4', 'IPv6'] : ['IPv6', 'IPv4']
  return (
    `never filled: ${text} is ${theirs}, and listen.host ${door.text} accepts only ${ours}. ` +
    'Set listen.host to "::", which accepts both'
  )
}

/** A peer that the door does not let in on this machine, as far as its interfaces show. */
function unreachable(
  pattern: Addressed,
  door: Door,
  own: readonly OwnAddress[],
): string | undefined {
  if (isUnspecified(door.address)) return undefined
  // A program on this machine may connect from any of its addresses.
  if ([door, ...own].some(({ address }) => patternMatches(pattern, address))) return undefined
  if (isLoopback(door.text)) {
    if (loopbackPattern(pattern)) return undefined
    return (
      `never filled: listen.host ${door.text} is reached only from this machine, and ` +
      `${pattern.text} is another one. Set listen.host to an address that the peer can reach`
    )
  }
  const mine = own.filter(({ address }) => sameIp(address, door.address))
  const near = neighbourOf(pattern.address, own)
  if (near === undefined || mine.length === 0) return undefined
  const [here] = mine
  const sameInterface = mine.some(
    ({ interface: name, address, prefixBits }) =>
      name === near.interface || sameNetwork(address, pattern.address, prefixBits),
  )
  if (here === undefined || sameInterface) return undefined
  return (
    `${pattern.text} is in the network of ${near.interface} (${near.text}), and the node listens only at ` +
    `${door.text} of ${here.interface}: the peer needs a route to that address, or set listen.host to ${near.text}`
  )
}

function loopbackPattern({ text }: Addressed): boolean {
  const [address = text] = text.split('/')
  return isLoopback(address)
}

/** An entry that dials the listener of its own node. */
function selfDial(
  place: string,
  port: number | undefined,
  door: Door,
  own: readonly OwnAddress[],
): string | undefined {
  if (port === undefined || port !== door.port) return undefined
  const text = place === 'localhost' ? '127.0.0.1' : place
  const address = parseIp(text)
  if (address === undefined) return undefined
  const isHere = isUnspecified(door.address)
    ? (door.bothFamilies || address.length === door.address.length) &&
      (isLoopback(text) || isOwn(address, own))
    : sameIp(address, door.address)
  if (!isHere) return undefined
  return `${place}:${String(port)} is where this node itself listens: it would connect to itself. Set the address of the peer`
}
