import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import {
  addressText,
  decidingEntries,
  isUnspecified,
  type NodeConfig,
  parseIp,
  type PassiveEntryConfig,
} from '@commloop/core'
import { UsageError } from '../command-line/usage-error.js'
import type { EntryUnderTest } from './entry-under-test.js'

/** Where the peer of an entry lives, and whom it meets there. */
export type PeerPlace =
  | { readonly kind: 'dials'; readonly from: string; readonly ip: string; readonly port: number }
  | { readonly kind: 'listens'; readonly ip: string; readonly port: number }

export function placeWords(place: PeerPlace): string {
  return place.kind === 'dials'
    ? `${place.from} dials ${addressText(place)}`
    : `listens on ${addressText(place)}`
}

/**
 * The address that the peer of an entry has, and where it meets the node. Both are of this machine, or nothing is
 * sent at all: faults are for one's own nodes.
 * @throws UsageError
 */
export async function peerPlace(under: EntryUnderTest): Promise<PeerPlace> {
  const { entry } = under
  if (entry.role === 'passive') return dialPlace(under, entry)
  const ip = await ownAddress(entry.host, `entry ${entry.id} dials`)
  return { kind: 'listens', ip, port: entry.port }
}

async function dialPlace(under: EntryUnderTest, entry: PassiveEntryConfig): Promise<PeerPlace> {
  const { listen } = under.node
  if (listen === undefined || listen.port === 0) {
    throw new UsageError('listen.port is 0: nobody can know where this node listens. Name a port')
  }
  const from = await sourceAddress(under, entry)
  const host = parseIp(listen.host)
  const everywhere = host !== undefined && isUnspecified(host)
  const ip = everywhere ? nodeAddress(from) : await ownAddress(listen.host, 'the node listens on')
  return { kind: 'dials', from, ip, port: listen.port }
}

/** A node that listens on all addresses is met on loopback by a loopback peer, else on the peer's own address. */
function nodeAddress(from: string): string {
  return from.startsWith('127.') ? '127.0.0.1' : from
}

/** An address of this machine that the node takes for the peer of this entry. */
async function sourceAddress(under: EntryUnderTest, entry: PassiveEntryConfig): Promise<string> {
  const { pattern } = entry
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
    `entry ${entry.id} expects ${pattern.text}, and no address of this machine is taken for that. ` +
      'The fault peer plays only on the machine of the node under test',
  )
}

/** Of IPv4 loopback every address is this machine's, and no interface names them all. */
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
  return address !== undefined && decidingEntries(entries, address).includes(entry)
}

/** @throws UsageError where a host is not this machine, by address or by name. */
async function ownAddress(host: string, who: string): Promise<string> {
  const ip = parseIp(host) === undefined ? await lookedUp(host, who) : host
  if (await isOwn(ip)) return ip
  throw new UsageError(
    `${who} ${host}, which is no address of this machine. ` +
      'The fault peer plays only on the machine of the node under test',
  )
}

async function lookedUp(host: string, who: string): Promise<string> {
  try {
    return (await lookup(host)).address
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${who} ${host}, which cannot be looked up: ${why}`)
  }
}

/** Nobody but the kernel knows all its addresses: it lets one listen there, or not. */
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
