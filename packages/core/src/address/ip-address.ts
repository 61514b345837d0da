/** An address as bytes: 4 for IPv4, 16 for IPv6. `::ffff:1.2.3.4` is the IPv4 address that it stands for. */
export type IpBytes = Uint8Array

const DECIMAL_OCTET = /^(?:0|[1-9]\d{0,2})$/
const HEX_GROUP = /^[0-9a-fA-F]{1,4}$/
const MAPPED_PREFIX_BYTES = 12

/**
 * Parses an IP address in the forms of RFC 4291 section 2.2, and dotted IPv4 without leading zeros. Ignores a zone
 * (`fe80::1%eth0`). undefined: not an address. Old forms (`010.1`, `0x7f.1`) are not addresses, because programs
 * disagree about their meaning.
 */
export function parseIp(text: string): IpBytes | undefined {
  if (!text.includes(':')) return parseIpv4(text)
  const zone = text.indexOf('%')
  const bytes = parseIpv6(zone === -1 ? text : text.slice(0, zone))
  return bytes === undefined || zone === text.length - 1 ? undefined : unmapped(bytes)
}

function parseIpv4(text: string): IpBytes | undefined {
  const octets = text.split('.')
  if (octets.length !== 4) return undefined
  const bytes = new Uint8Array(4)
  for (const [at, octet] of octets.entries()) {
    const value = Number(octet)
    if (!DECIMAL_OCTET.test(octet) || value > 255) return undefined
    bytes[at] = value
  }
  return bytes
}

function parseIpv6(text: string): IpBytes | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groupBytes(halves[0] ?? '', halves.length === 1)
  const tail = halves.length === 2 ? groupBytes(halves[1] ?? '', true) : []
  if (head === undefined || tail === undefined) return undefined
  const given = head.length + tail.length
  // `::` stands for at least one group of zeros.
  if (halves.length === 2 ? given > 14 : given !== 16) return undefined
  const bytes = new Uint8Array(16)
  bytes.set(head, 0)
  bytes.set(tail, 16 - tail.length)
  return bytes
}

/** The bytes of colon-separated groups. `last`: the groups end the address, so the last one may be dotted IPv4. */
function groupBytes(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [at, group] of groups.entries()) {
    if (HEX_GROUP.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
      continue
    }
    const ipv4 = last && at === groups.length - 1 ? parseIpv4(group) : undefined
    if (ipv4 === undefined) return undefined
    bytes.push(...ipv4)
  }
  return bytes
}

function unmapped(bytes: IpBytes): IpBytes {
  for (let at = 0; at < 10; at++) if (bytes[at] !== 0) return bytes
  return bytes[10] === 0xff && bytes[11] === 0xff ? bytes.subarray(MAPPED_PREFIX_BYTES) : bytes
}

/** Equal as addresses, even if their texts differ. */
export function sameIp(left: IpBytes, right: IpBytes): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at])
}

/** Whether both texts are addresses, and equal ones. */
export function isSameAddress(left: string, right: string): boolean {
  const leftBytes = parseIp(left)
  const rightBytes = parseIp(right)
  return leftBytes !== undefined && rightBytes !== undefined && sameIp(leftBytes, rightBytes)
}

/** Equal for equal addresses: the bytes in hexadecimal. */
export function ipKey(bytes: IpBytes): string {
  let key = ''
  for (const byte of bytes) key += byte.toString(16).padStart(2, '0')
  return key
}

/** `0.0.0.0` or `::`: any address, or every address of the machine. */
export function isUnspecified(bytes: IpBytes): boolean {
  return bytes.every((byte) => byte === 0)
}
