import { parseIp } from './ip-address.js'

const LOOPBACK_OCTET = 127

/** Whether an address is reached from this machine only: 127.0.0.0/8 or ::1. */
export function isLoopback(ip: string): boolean {
  const bytes = parseIp(ip)
  if (bytes === undefined) return false
  if (bytes.length === 4) return bytes[0] === LOOPBACK_OCTET
  return bytes.every((byte, at) => byte === (at === bytes.length - 1 ? 1 : 0))
}
