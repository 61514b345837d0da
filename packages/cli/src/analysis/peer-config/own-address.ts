import { networkInterfaces } from 'node:os'
import { type IpBytes, parseAddressPattern, parseIp, patternMatches } from '@commloop/core'

/** An address of ours, as a peer is to name it. */
export interface OurPlace {
  readonly ip: string
  /** What cannot be known about it. */
  readonly doubt: string | undefined
}

/** An address that documentation has for itself (RFC 5737), for who has none. */
const NOBODY = '192.0.2.1'

/** Which address of this machine a peer sees, where the table does not say. */
export function ourPlaceFor(peer: string): OurPlace {
  const address = parseIp(peer)
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const near = all.find(({ cidr }) => address !== undefined && isIn(cidr, address))
  if (near !== undefined) return { ip: near.address, doubt: undefined }
  const outward = all.filter(
    ({ internal, family, address: text }) =>
      !internal && family === (address?.length === 16 ? 'IPv6' : 'IPv4') && !/^fe80:/i.test(text),
  )
  const [first, ...others] = outward.map(({ address: text }) => text)
  if (first === undefined) return { ip: NOBODY, doubt: 'our address is not known: put it here' }
  const more = others.length === 0 ? '' : `; others are ${others.join(', ')}`
  return { ip: first, doubt: `an address of ours; the peer may see another${more}` }
}

function isIn(cidr: string | null, address: IpBytes): boolean {
  if (cidr === null) return false
  const [text = '', bits = ''] = cidr.split('/')
  const own = parseIp(text)
  if (own === undefined || own.length !== address.length) return false
  const network = parseAddressPattern(networkText(own, Number(bits)))
  return typeof network !== 'string' && patternMatches(network, address)
}

/** The first address of the network that an address is in, with its prefix. */
function networkText(address: IpBytes, bits: number): string {
  const first = address.map((byte, at) => {
    const kept = Math.min(8, Math.max(0, bits - at * 8))
    return byte & (0xff << (8 - kept))
  })
  const text =
    first.length === 4
      ? first.join('.')
      : (Buffer.from(first).toString('hex').match(/.{4}/g) ?? []).join(':')
  return `${text}/${String(bits)}`
}
