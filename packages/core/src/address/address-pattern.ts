import { type IpBytes, isUnspecified, parseIp } from './ip-address.js'

/** The remote addresses that a passive entry matches. */
export type AddressPattern =
  | { readonly kind: 'exact'; readonly text: string; readonly address: IpBytes }
  | {
      readonly kind: 'range'
      readonly text: string
      readonly address: IpBytes
      readonly prefixBits: number
    }
  /** The addresses that a name has at the moment. The text alone matches no address: see `PeerNames`. */
  | { readonly kind: 'name'; readonly text: string }
  /** `0.0.0.0` and `::` both match every address of both families. */
  | { readonly kind: 'anyone'; readonly text: string }

/** @returns the pattern, or one sentence about the mistake in the text */
export function parseAddressPattern(text: string): AddressPattern | string {
  const slash = text.indexOf('/')
  const address = parseIp(slash === -1 ? text : text.slice(0, slash))
  if (address === undefined) return `expected an IP address or a CIDR range, found ${quoted(text)}`
  if (slash === -1) {
    return isUnspecified(address) ? { kind: 'anyone', text } : { kind: 'exact', text, address }
  }
  return parseRange(text, address, text.slice(slash + 1))
}

function parseRange(text: string, address: IpBytes, prefix: string): AddressPattern | string {
  const bitsMax = address.length * 8
  // A mapped range is written with the 128-bit prefix and means the IPv4 range behind it.
  const written = /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
  const bits = text.includes(':') && address.length === 4 ? written - 96 : written
  if (bits < 0 || bits > bitsMax) {
    return `expected a prefix length of 0 to ${String(bitsMax)}, found ${quoted(text)}`
  }
  if (bits === 0) return { kind: 'anyone', text }
  if (bits === bitsMax) return { kind: 'exact', text, address }
  if (hostBits(address, bits)) {
    return `bits are set behind the prefix of ${quoted(text)}: name the network's first address`
  }
  return { kind: 'range', text, address, prefixBits: bits }
}

function hostBits(address: IpBytes, prefixBits: number): boolean {
  return address.some((byte, at) => (byte & ~octetMask(prefixBits, at) & 0xff) !== 0)
}

/** The bits of octet `at` that the prefix covers. */
function octetMask(prefixBits: number, at: number): number {
  const covered = Math.min(8, Math.max(0, prefixBits - at * 8))
  return (0xff << (8 - covered)) & 0xff
}

/** Whether a pattern matches an address. */
export function patternMatches(pattern: AddressPattern, address: IpBytes): boolean {
  switch (pattern.kind) {
    case 'anyone':
      return true
    case 'name':
      return false
    case 'exact':
      return sameNetwork(pattern.address, address, pattern.address.length * 8)
    case 'range':
      return sameNetwork(pattern.address, address, pattern.prefixBits)
  }
}

/** Whether two addresses share their first `prefixBits` bits; false if they are of different families. */
export function sameNetwork(left: IpBytes, right: IpBytes, prefixBits: number): boolean {
  if (left.length !== right.length) return false
  return left.every((byte, at) => ((byte ^ (right[at] ?? 0)) & octetMask(prefixBits, at)) === 0)
}

/** How narrow a pattern is. Of two patterns that match an address, the one with the greater number decides. */
export function specificity(pattern: AddressPattern): number {
  switch (pattern.kind) {
    case 'anyone':
      return -1
    // The bits of a range are counted from 128 in both families, so that a single address always beats a range.
    case 'exact':
    case 'name':
      return 128
    case 'range':
      return pattern.prefixBits + (128 - pattern.address.length * 8) - 1
  }
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
