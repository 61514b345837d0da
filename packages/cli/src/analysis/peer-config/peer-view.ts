import {
  type ActiveEntryConfig,
  addressText,
  decidingEntries,
  type EntryConfig,
  entryPlaces,
  type NodeConfig,
  parseIp,
  type PassiveEntryConfig,
} from '@commloop/core'
import { addressKey } from '../compatibility/address-key.js'

/** The part of our table that concerns one peer. A machine that we dial at several ports counts as several peers. */
export interface PeerView {
  /** Its first address or name; for a range or any address, the pattern. */
  readonly address: string
  /** All its addresses, names and patterns in our table. */
  readonly addresses: readonly string[]
  /** True for a single machine, false for a range or any address. */
  readonly isOne: boolean
  /** The port at which we dial it; undefined: we do not dial it. */
  readonly port: number | undefined
  readonly active: readonly ActiveEntryConfig[]
  readonly passive: readonly PassiveEntryConfig[]
  /** Other ports at which we dial the same machine. */
  readonly otherPorts: readonly number[]
}

interface Machine {
  /** By their keys. */
  readonly addresses: Map<string, string>
  readonly isOne: boolean
  readonly entries: EntryConfig[]
}

export function peerViews(node: NodeConfig): PeerView[] {
  const machines = new Map<string, Machine>()
  for (const entry of node.entries) {
    const isOne = isOneMachine(entry)
    const addresses = entry.role === 'active' ? entry.hosts : entryPlaces(entry)
    const byKey = new Map(
      addresses.map((text) => [isOne ? addressKey(text) : `any of ${text}`, text]),
    )
    // Entries with an address in common are about one machine.
    const known = [...byKey.keys()].map((key) => machines.get(key)).find((found) => found)
    const machine = known ?? { addresses: new Map<string, string>(), isOne, entries: [] }
    machine.entries.push(entry)
    for (const [key, text] of byKey) {
      if (!machines.has(key)) machines.set(key, machine)
      if (!machine.addresses.has(key)) machine.addresses.set(key, text)
    }
  }
  return [...new Set(machines.values())].flatMap(peersOf)
}

function isOneMachine(entry: EntryConfig): boolean {
  if (entry.role === 'active') return true
  return entry.patterns.every(({ kind }) => kind === 'exact' || kind === 'name')
}

/** A node listens on one port, so each port is a peer. Connections from the machine are assigned to the first one. */
function peersOf({ addresses: byKey, isOne, entries }: Machine): PeerView[] {
  const addresses = [...byKey.values()]
  const [address = ''] = addresses
  const active = entries.filter((entry) => entry.role === 'active')
  const passive = entries.filter((entry) => entry.role === 'passive')
  const ports = [...new Set(active.map(({ port }) => port))]
  if (ports.length === 0) {
    return [{ address, addresses, isOne, port: undefined, active: [], passive, otherPorts: [] }]
  }
  return ports.map((port, at) => ({
    address,
    addresses,
    isOne,
    port,
    active: active.filter((entry) => entry.port === port),
    passive: at === 0 ? passive : [],
    otherPorts: ports.filter((other) => other !== port),
  }))
}

/** The peers that match an entry's id, an address, `address:port` or a pattern. */
export function chosenPeers(peers: readonly PeerView[], chosen: string): PeerView[] {
  const byEntry = peers.filter(({ active, passive }) =>
    [...active, ...passive].some(({ id }) => id === chosen),
  )
  if (byEntry.length > 0) return byEntry
  const byAddress = peers.filter(
    ({ addresses, port }) =>
      addresses.some((text) => addressKey(text) === addressKey(chosen)) ||
      (port !== undefined && addresses.some((ip) => addressText({ ip, port }) === chosen)),
  )
  if (byAddress.length > 0) return byAddress
  // An address that only a range has: take the entry that would decide if the peer connected.
  const address = parseIp(chosen)
  if (address === undefined) return []
  const [deciding] = decidingEntries(
    peers.flatMap(({ passive }) => passive),
    address,
  )
  return peers.filter(({ passive }) => passive.some((entry) => entry === deciding)).slice(0, 1)
}
