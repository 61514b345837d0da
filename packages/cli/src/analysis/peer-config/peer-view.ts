import {
  type ActiveEntryConfig,
  addressText,
  decidingEntries,
  type EntryConfig,
  type NodeConfig,
  parseIp,
  type PassiveEntryConfig,
} from '@commloop/core'
import { placeKey } from '../compatibility/address-key.js'

/** Of our table, what concerns one node: of a machine that is dialled at several ports, each is one. */
export interface MirroredPeer {
  /** Its address or name; for a range or anyone, the pattern. */
  readonly place: string
  /** One machine, and not whoever matches. */
  readonly isOne: boolean
  /** Where we dial it; undefined: we do not. */
  readonly port: number | undefined
  readonly active: readonly ActiveEntryConfig[]
  readonly passive: readonly PassiveEntryConfig[]
  /** Other ports at which the same machine is dialled. */
  readonly otherPorts: readonly number[]
}

interface Machine {
  readonly place: string
  readonly isOne: boolean
  readonly entries: EntryConfig[]
}

export function mirroredPeers(node: NodeConfig): MirroredPeer[] {
  const machines = new Map<string, Machine>()
  for (const entry of node.entries) {
    const { place, isOne } = placeOf(entry)
    const key = isOne ? placeKey(place) : `any of ${place}`
    const machine = machines.get(key) ?? { place, isOne, entries: [] }
    machine.entries.push(entry)
    machines.set(key, machine)
  }
  return [...machines.values()].flatMap(peersOf)
}

function placeOf(entry: EntryConfig): Pick<Machine, 'place' | 'isOne'> {
  if (entry.role === 'active') return { place: entry.host, isOne: true }
  const { kind, text } = entry.pattern
  return { place: kind === 'anyone' ? 'anyone' : text, isOne: kind === 'exact' }
}

/** A node listens at one port. Whoever dials us is taken to be the first of them. */
function peersOf({ place, isOne, entries }: Machine): MirroredPeer[] {
  const active = entries.filter((entry) => entry.role === 'active')
  const passive = entries.filter((entry) => entry.role === 'passive')
  const ports = [...new Set(active.map(({ port }) => port))]
  if (ports.length === 0) {
    return [{ place, isOne, port: undefined, active: [], passive, otherPorts: [] }]
  }
  return ports.map((port, at) => ({
    place,
    isOne,
    port,
    active: active.filter((entry) => entry.port === port),
    passive: at === 0 ? passive : [],
    otherPorts: ports.filter((other) => other !== port),
  }))
}

/** Those that an entry's id, an address, `address:port` or a pattern names. */
export function chosenPeers(peers: readonly MirroredPeer[], chosen: string): MirroredPeer[] {
  const byEntry = peers.filter(({ active, passive }) =>
    [...active, ...passive].some(({ id }) => id === chosen),
  )
  if (byEntry.length > 0) return byEntry
  const byPlace = peers.filter(
    ({ place, port }) =>
      placeKey(place) === placeKey(chosen) ||
      (port !== undefined && addressText({ ip: place, port }) === chosen),
  )
  if (byPlace.length > 0) return byPlace
  // An address that only a range has: the entry decides that would decide if the peer connected.
  const address = parseIp(chosen)
  if (address === undefined) return []
  const [deciding] = decidingEntries(
    peers.flatMap(({ passive }) => passive),
    address,
  )
  return peers.filter(({ passive }) => passive.some((entry) => entry === deciding)).slice(0, 1)
}
