import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import {
  type AddressPattern,
  addressText,
  decidingEntries,
  isUnspecified,
  messageText,
  listenersOf,
  type NodeConfig,
  parseIp,
  type PassiveEntryConfig,
} from '@commloop/core'
import { UsageError } from '../command-line/usage-error.js'
import type { EntryUnderTest } from './entry-under-test.js'

/** The address of the peer that the command plays: where it dials from and to, or where it listens. */
export type PeerAddress =
  | { readonly kind: 'dials'; readonly from: string; readonly ip: string; readonly port: number }
  | { readonly kind: 'listens'; readonly ip: string; readonly port: number }

export function peerAddressText(peer: PeerAddress): string {
  return peer.kind === 'dials'
    ? `${peer.from} dials ${addressText(peer)}`
    : `listens on ${addressText(peer)}`
}

/**
 * The address of an entry's peer, and the address at which it meets the node. Both must belong to this machine: the fault
 * peer must not disturb other machines.
 * @throws UsageError
 */
export async function peerAddress(under: EntryUnderTest): Promise<PeerAddress> {
  const { entry } = under
  if (entry.role === 'passive') return dialAddress(under, entry)
  const ip = await firstOwn(entry.hosts, (host) => ownAddress(host, `entry ${entry.id} dials`))
  return { kind: 'listens', ip, port: entry.port }
}

async function dialAddress(under: EntryUnderTest, entry: PassiveEntryConfig): Promise<PeerAddress> {
  const [listen] = listenersOf(under.node, entry)
  if (listen === undefined || listen.port === 0) {
    throw new UsageError('listen.port is 0: the port of this node is not known. Set a port')
  }
  const from = await sourceAddress(under, entry)
  const listening = parseIp(listen.host)
  const everywhere = listening !== undefined && isUnspecified(listening)
  const ip = everywhere ? nodeAddress(from) : await ownAddress(listen.host, 'the node listens on')
  return { kind: 'dials', from, ip, port: listen.port }
}

/** For a node that listens on all addresses: loopback for a loopback peer, otherwise the peer's own address. */
function nodeAddress(from: string): string {
  return from.startsWith('127.') ? '127.0.0.1' : from
}

/** An address of this machine that the node accepts as the peer of this entry. */
function sourceAddress(under: EntryUnderTest, entry: PassiveEntryConfig): Promise<string> {
  return firstOwn(entry.patterns, (pattern) => sourceOf(under, entry, pattern))
}

async function sourceOf(
  under: EntryUnderTest,
  entry: PassiveEntryConfig,
  pattern: AddressPattern,
): Promise<string> {
  if (pattern.kind === 'name') return ownAddress(pattern.text, `entry ${entry.id} expects`)
  if (pattern.kind === 'exact') {
    const { address, text } = pattern
    return ownAddress(address.length === 4 ? address.join('.') : text, `entry ${entry.id} expects`)
  }
  const candidates = [...(pattern.kind === 'range' ? firstOfRange(pattern) : []), ...ownAddresses()]
  for (const candidate of candidates) {
    if (!decides(under.node, entry, candidate)) continue
    if (await isOwn(candidate)) return candidate
  }
  throw new UsageError(
    `entry ${entry.id} expects ${pattern.text}, and no address of this machine matches that entry. ` +
      'The fault peer works only on the machine of the node under test',
  )
}

/** The first place that leads to an address of this machine. @throws UsageError of the first place if none does */
async function firstOwn<Place>(
  places: readonly Place[],
  own: (place: Place) => Promise<string>,
): Promise<string> {
  let first: unknown
  for (const place of places) {
    try {
      return await own(place)
    } catch (error) {
      first ??= error
    }
  }
  throw first
}

/** All of 127.0.0.0/8 is local, but interfaces do not list it, so try the first address of the range. */
function firstOfRange({ address }: { readonly address: Uint8Array }): string[] {
  if (address.length !== 4) return []
  const [a = 0, b = 0, c = 0, d = 0] = address
  return [[a, b, c, d + 1].join('.')]
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .sort((left, right) => Number(right.internal) - Number(left.internal))
    .map(({ address }) => address)
}

/** Whether the entry is one of those that decide about this address. */
function decides({ entries }: NodeConfig, entry: PassiveEntryConfig, ip: string): boolean {
  const address = parseIp(ip)
  return address !== undefined && decidingEntries(entries, address, entry.listener).includes(entry)
}

/** @throws UsageError if the host is not this machine. */
async function ownAddress(host: string, who: string): Promise<string> {
  const ip = parseIp(host) === undefined ? await lookedUp(host, who) : host
  if (await isOwn(ip)) return ip
  throw new UsageError(
    `${who} ${host}, which is not an address of this machine. ` +
      'The fault peer works only on the machine of the node under test',
  )
}

async function lookedUp(host: string, who: string): Promise<string> {
  try {
    return (await lookup(host)).address
  } catch (error) {
    const why = messageText(error)
    throw new UsageError(`${who} ${host}, which cannot be resolved: ${why}`)
  }
}

/** Only the kernel knows all local addresses: it allows listening on an address, or not. */
async function isOwn(ip: string): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ host: ip, port: 0, exclusive: true })
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
