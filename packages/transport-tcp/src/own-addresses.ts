import { networkInterfaces } from 'node:os'
import { type IpBytes, parseIp, sameIp, sameNetwork } from '@commloop/core'

/** An address of this machine, with the network that its interface reaches directly. */
export interface OwnAddress {
  readonly interface: string
  readonly text: string
  readonly address: IpBytes
  readonly prefixBits: number
}

/** The addresses of this machine at this moment; empty if the system does not tell. */
export function ownAddresses(): OwnAddress[] {
  try {
    return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.flatMap(({ address: text, cidr }) => {
        const address = parseIp(text)
        if (address === undefined) return []
        const prefixBits = Number(cidr?.split('/')[1] ?? address.length * 8)
        return [{ interface: name, text, address, prefixBits }]
      }),
    )
  } catch {
    // A sandbox without netlink sockets.
    return []
  }
}

export function isOwn(address: IpBytes, own: readonly OwnAddress[]): boolean {
  return own.some((mine) => sameIp(mine.address, address))
}

/** The own address whose interface reaches this one without a gateway. */
export function neighbourOf(address: IpBytes, own: readonly OwnAddress[]): OwnAddress | undefined {
  return own.find((mine) => sameNetwork(mine.address, address, mine.prefixBits))
}
