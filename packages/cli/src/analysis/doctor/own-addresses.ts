import { networkInterfaces } from 'node:os'
import { type IpBytes, ipKey, parseIp } from '@commloop/core'

const LOOPBACK_FIRST_OCTET = 127

/** The addresses of this machine. */
export interface OwnAddresses {
  has(address: IpBytes): boolean
  /** For people, loopback left out where there is anything else. */
  readonly texts: readonly string[]
}

export function ownAddresses(platform: NodeJS.Platform = process.platform): OwnAddresses {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const keys = new Set<string>()
  for (const { address } of all) {
    const bytes = parseIp(address)
    if (bytes !== undefined) keys.add(ipKey(bytes))
  }
  // Addresses of the link alone mean nothing without the link's name.
  const outward = all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
  return {
    has: (address) => {
      // On Linux the whole of 127.0.0.0/8 is the machine's own, elsewhere only 127.0.0.1.
      const loopback = address.length === 4 && address[0] === LOOPBACK_FIRST_OCTET
      return keys.has(ipKey(address)) || (loopback && platform === 'linux')
    },
    texts: (outward.length > 0 ? outward : all).map(({ address }) => address),
  }
}
