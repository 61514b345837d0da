import { ipKey, isUnspecified, parseIp } from '@commloop/core'

/** Whether two texts, each an address or a host name, name the same machine as far as can be told without asking. */
export function samePlace(left: string, right: string): boolean {
  return placeKey(left) === placeKey(right)
}

/** The same for all ways to write it. */
export function placeKey(text: string): string {
  const address = parseIp(text)
  return address === undefined ? text.toLowerCase().replace(/\.$/, '') : ipKey(address)
}

/** `0.0.0.0` or `::`: every address of the machine. */
export function isAnyAddress(host: string): boolean {
  const address = parseIp(host)
  return address !== undefined && isUnspecified(address)
}
