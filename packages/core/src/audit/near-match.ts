import type { PassiveEntryConfig } from '../config/node-config.js'
import type { AddressPattern } from '../address/address-pattern.js'
import { type IpBytes, parseIp } from '../address/ip-address.js'

const IPV4_BYTES = 4
/** A host chooses the second half of an IPv6 address itself, and often another one every day (RFC 8981). */
const IPV6_NETWORK_BYTES = 8

/** The most likely slip first. */
const SLIPS = ['two octets or digits are swapped', 'one octet differs', 'same /64'] as const

type Slip = (typeof SLIPS)[number]

/**
 * One sentence that names the entry that was probably meant for an address which no entry admits; undefined: no entry
 * is similar. If several entries are equally similar, it names the first.
 */
export function nearMatch(ip: string, entries: readonly PassiveEntryConfig[]): string | undefined {
  const address = parseIp(ip)
  if (address === undefined) return undefined
  let nearest: { entry: PassiveEntryConfig; pattern: AddressPattern; slip: Slip } | undefined
  for (const entry of entries) {
    for (const pattern of entry.patterns) {
      const slip = slipBetween(address, pattern)
      if (slip === undefined) continue
      const nearer = nearest === undefined || SLIPS.indexOf(slip) < SLIPS.indexOf(nearest.slip)
      if (nearer) nearest = { entry, pattern, slip }
    }
  }
  if (nearest === undefined) return undefined
  const { entry, pattern, slip } = nearest
  return `nearly matches entry "${entry.id}" (${pattern.text}): ${slip}`
}

function slipBetween(address: IpBytes, pattern: AddressPattern): Slip | undefined {
  if (!('address' in pattern) || pattern.address.length !== address.length) return undefined
  if (address.length !== IPV4_BYTES) {
    const near = pattern.kind === 'exact' && sameHead(address, pattern.address, IPV6_NETWORK_BYTES)
    return near ? 'same /64' : undefined
  }
  if (pattern.kind === 'exact' && swapped(address, pattern.address)) {
    return 'two octets or digits are swapped'
  }
  const bits = pattern.kind === 'exact' ? 8 * IPV4_BYTES : pattern.prefixBits
  return octetsDiffering(address, pattern.address, bits) === 1 ? 'one octet differs' : undefined
}

function sameHead(left: IpBytes, right: IpBytes, bytes: number): boolean {
  return left.subarray(0, bytes).every((byte, at) => byte === right[at])
}

/** Counts only octets that the prefix covers in whole or in part. */
function octetsDiffering(left: IpBytes, right: IpBytes, prefixBits: number): number {
  let count = 0
  for (let at = 0; at * 8 < prefixBits; at++) {
    const shift = Math.max(0, 8 - (prefixBits - at * 8))
    if ((left[at] ?? 0) >> shift !== (right[at] ?? 0) >> shift) count++
  }
  return count
}

/** Two octets, or two characters of the text, are swapped. */
function swapped(left: IpBytes, right: IpBytes): boolean {
  return (
    isSwap([...left], [...right]) || isSwap(Array.from(left.join('.')), Array.from(right.join('.')))
  )
}

function isSwap<Item>(left: readonly Item[], right: readonly Item[]): boolean {
  if (left.length !== right.length) return false
  const differing = left.flatMap((item, at) => (item === right[at] ? [] : [at]))
  const [first = -1, second = -1] = differing
  return differing.length === 2 && left[first] === right[second] && left[second] === right[first]
}
