import { ipKey, isUnspecified, parseIp } from '@commloop/core'

/** Whether two texts, each an address or a host name, mean the same machine, as far as the texts alone show. */
export function sameAddress(left: string, right: string): boolean {
  return addressKey(left) === addressKey(right)
}

/** Equal for all ways to write an address. */
export function addressKey(text: string): string {
  const address = parseIp(text)
  return address === undefined ? text.toLowerCase().replace(/\.$/, '') : ipKey(address)
}

/** `0.0.0.0` or `::`: every address of the machine. */
export function isUnspecifiedHost(host: string): boolean {
  const address = parseIp(host)
  return address !== undefined && isUnspecified(address)
}
