import type { Address } from '../contracts/transport.js'

/** `192.168.0.2:8001`, `[fe80::1]:8001` */
export function addressText({ ip, port }: Address): string {
  return ip.includes(':') ? `[${ip}]:${String(port)}` : `${ip}:${String(port)}`
}
