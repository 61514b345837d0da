import { procText } from './proc-file.js'

const NET = '/proc/sys/net/ipv4'

/** How the system deals with port numbers. */
export interface PortRules {
  /** Ports that outgoing connections are given. */
  readonly ephemeral: { readonly min: number; readonly max: number }
  /** Whether the system may give this port to an outgoing connection. */
  isEphemeral(port: number): boolean
  /** Whether this process may listen at it. */
  isPermitted(port: number): boolean
}

/** undefined: the system does not say. */
export function portRules(): PortRules | undefined {
  const range = procText(`${NET}/ip_local_port_range`)?.trim().split(/\s+/).map(Number)
  const [min, max] = range ?? []
  if (min === undefined || max === undefined) return undefined
  const reserved = portList(procText(`${NET}/ip_local_reserved_ports`) ?? '')
  const unprivileged = Number(procText(`${NET}/ip_unprivileged_port_start`) ?? 1024)
  const mayBindAny = hasBindCapability()
  return {
    ephemeral: { min, max },
    isEphemeral: (port) =>
      port >= min && port <= max && !reserved.some(([from, to]) => port >= from && port <= to),
    isPermitted: (port) => port === 0 || port >= unprivileged || mayBindAny,
  }
}

/** `8080,9148-9150`, as `ip_local_reserved_ports` is written. */
function portList(text: string): (readonly [number, number])[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [from = '', to = from] = part.split('-')
      return [Number(from), Number(to)] as const
    })
}

/** `man 7 capabilities`: CAP_NET_BIND_SERVICE is number 10. */
const NET_BIND_SERVICE = 1n << 10n

function hasBindCapability(): boolean {
  const [, mask] = /^CapEff:\s*([0-9a-f]+)/m.exec(procText('/proc/self/status') ?? '') ?? []
  return mask !== undefined && (BigInt(`0x${mask}`) & NET_BIND_SERVICE) !== 0n
}
