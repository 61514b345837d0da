import { networkInterfaces } from 'node:os'
import { type IpBytes, ipKey, parseIp } from '@commloop/core'

const LOOPBACK_FIRST_OCTET = 127

/** The addresses of this machine. */
export interface OwnAddresses {
  has(address: IpBytes): boolean
  /** The addresses as text, for messages. Without loopback addresses if there are others. */
  readonly texts: readonly string[]
}

export function ownAddresses(platform: NodeJS.Platform = process.platform): OwnAddresses {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const keys = new Set<string>()
  for (const { address } of all) {
    const bytes = parseIp(address)
    if (bytes !== undefined) keys.add(ipKey(bytes))
  }
  // A link-local address means nothing without the name of its interface.
  const outward = all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
  return {
    has: (address) => {
      // On Linux all of 127.0.0.0/8 is local, elsewhere only 127.0.0.1.
      const loopback = address.length === 4 && address[0] === LOOPBACK_FIRST_OCTET
      return keys.has(ipKey(address)) || (loopback && platform === 'linux')
    },
    texts: (outward.length > 0 ? outward : all).map(({ address }) => address),
  }
}
