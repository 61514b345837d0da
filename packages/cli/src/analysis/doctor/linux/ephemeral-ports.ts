import { procText } from './proc-file.js'

const NET = '/proc/sys/net/ipv4'

/** How the system treats port numbers. */
export interface PortRules {
  /** The range for outgoing connections. */
  readonly ephemeral: { readonly min: number; readonly max: number }
  /** Whether the system may assign this port to an outgoing connection. */
  isEphemeral(port: number): boolean
  /** Whether this process may listen on this port. */
  isPermitted(port: number): boolean
}

/** undefined: the system does not report it. */
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

/** Parses the format of `ip_local_reserved_ports`: `8080,9148-9150`. */
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
