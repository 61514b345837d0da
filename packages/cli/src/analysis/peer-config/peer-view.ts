import {
  type ActiveEntryConfig,
  addressText,
  decidingEntries,
  type EntryConfig,
  type NodeConfig,
  parseIp,
  type PassiveEntryConfig,
} from '@commloop/core'
import { addressKey } from '../compatibility/address-key.js'

/** The part of our table that concerns one peer. A machine that we dial at several ports counts as several peers. */
export interface PeerView {
  /** Its address or name; for a range or any address, the pattern. */
  readonly address: string
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
  readonly address: string
  readonly isOne: boolean
  readonly entries: EntryConfig[]
}

export function peerViews(node: NodeConfig): PeerView[] {
  const machines = new Map<string, Machine>()
  for (const entry of node.entries) {
    const { address, isOne } = addressOf(entry)
    const key = isOne ? addressKey(address) : `any of ${address}`
    const machine = machines.get(key) ?? { address, isOne, entries: [] }
    machine.entries.push(entry)
    machines.set(key, machine)
  }
  return [...machines.values()].flatMap(peersOf)
}

function addressOf(entry: EntryConfig): Pick<Machine, 'address' | 'isOne'> {
  if (entry.role === 'active') return { address: entry.host, isOne: true }
  const { kind, text } = entry.pattern
  return { address: kind === 'anyone' ? 'anyone' : text, isOne: kind === 'exact' }
}

/** A node listens on one port, so each port is a peer. Connections from the machine are assigned to the first one. */
function peersOf({ address, isOne, entries }: Machine): PeerView[] {
  const active = entries.filter((entry) => entry.role === 'active')
  const passive = entries.filter((entry) => entry.role === 'passive')
  const ports = [...new Set(active.map(({ port }) => port))]
  if (ports.length === 0) {
    return [{ address, isOne, port: undefined, active: [], passive, otherPorts: [] }]
  }
  return ports.map((port, at) => ({
    address,
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
    ({ address, port }) =>
      addressKey(address) === addressKey(chosen) ||
      (port !== undefined && addressText({ ip: address, port }) === chosen),
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
