import { networkInterfaces } from 'node:os'
import { type IpBytes, parseIp, sameNetwork } from '@commloop/core'

/** An address of this machine, for the table of a peer. */
export interface OwnAddress {
  readonly ip: string
  /** Why the address may be wrong; undefined: it is certain. */
  readonly doubt: string | undefined
}

/** An address reserved for documentation (RFC 5737), for a machine without a known address. */
const PLACEHOLDER = '192.0.2.1'

/** The address of this machine that a peer probably sees, if the table does not give one. */
export function ownAddressFor(peer: string): OwnAddress {
  const address = parseIp(peer)
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const near = all.find(({ cidr }) => address !== undefined && isInNetworkOf(cidr, address))
  if (near !== undefined) return { ip: near.address, doubt: undefined }
  const outward = all.filter(
    ({ internal, family, address: text }) =>
      !internal && family === (address?.length === 16 ? 'IPv6' : 'IPv4') && !/^fe80:/i.test(text),
  )
  const [first, ...others] = outward.map(({ address: text }) => text)
  if (first === undefined) {
    return { ip: PLACEHOLDER, doubt: 'our address is not known: put it here' }
  }
  const more = others.length === 0 ? '' : `; others are ${others.join(', ')}`
  return { ip: first, doubt: `an address of ours; the peer may see another${more}` }
}

/** `cidr`: an address of this machine with the prefix length of its network, as Node reports it. */
function isInNetworkOf(cidr: string | null, address: IpBytes): boolean {
  const [text = '', prefixBits = ''] = cidr?.split('/') ?? []
  const own = parseIp(text)
  return own !== undefined && sameNetwork(own, address, Number(prefixBits))
}
