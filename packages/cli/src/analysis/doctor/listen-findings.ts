import {
  addressText,
  type IpBytes,
  isUnspecified,
  type ListenConfig,
  parseIp,
  sameIp,
} from '@commloop/core'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'
import type { ListeningSocket } from './linux/listening-sockets.js'
import type { OwnAddresses } from './own-addresses.js'
import type { PortRules } from './linux/ephemeral-ports.js'
import type { SocketOwner } from './linux/socket-owner.js'

/** What of the machine matters to whoever listens. */
export interface ListenFacts {
  readonly own: OwnAddresses
  readonly rules: PortRules | undefined
  /** Somebody who listens where we would; undefined: nobody, or the node itself. */
  readonly holder: { readonly socket: ListeningSocket; readonly owner?: SocketOwner } | undefined
}

export function listenFindings(
  { host, port }: ListenConfig,
  { own, rules, holder }: ListenFacts,
): DoctorFinding[] {
  const findings: DoctorFinding[] = []
  const address = parseIp(host)
  if (address !== undefined && !isUnspecified(address) && !own.has(address)) {
    findings.push(
      doctorFinding(
        'listen-address-foreign',
        'listen.host',
        `${host} is no address of this machine, which has ${own.texts.join(', ')}`,
        'Take one of these, or 0.0.0.0 for all.',
      ),
    )
  }
  if (holder !== undefined) findings.push(portUsed({ host, port }, holder))
  if (rules === undefined) return findings
  if (!rules.isPermitted(port)) {
    findings.push(
      doctorFinding(
        'port-privileged',
        'listen.port',
        `this user may not listen at port ${String(port)}`,
        'Take a port from 1024 on, or grant CAP_NET_BIND_SERVICE.',
      ),
    )
  }
  if (rules.isEphemeral(port)) {
    findings.push(
      doctorFinding(
        'listen-port-ephemeral',
        'listen.port',
        `${String(port)} is among the ports that outgoing connections are given here, ` +
          `${rangeText(rules)}: one that has it keeps the node from listening`,
        'Take a port outside, or add it to net.ipv4.ip_local_reserved_ports (sysctl).',
      ),
    )
  }
  return findings
}

function portUsed(
  { host, port }: Pick<ListenConfig, 'host' | 'port'>,
  { socket, owner }: NonNullable<ListenFacts['holder']>,
): DoctorFinding {
  const who =
    owner === undefined
      ? `a process of the user with the number ${String(socket.uid)}, which this user may not look into`
      : `"${owner.name}" (pid ${String(owner.pid)})`
  return doctorFinding(
    'port-used',
    'listen.port',
    `${addressText({ ip: host, port })} is taken by ${who}`,
    owner === undefined
      ? 'Run the doctor as that user or as root to learn its name; stop it, or change listen.port.'
      : 'Stop it, or change listen.port.',
  )
}

/** The socket, of all that listen, that keeps another from listening at this place. */
export function conflicting(
  { host, port }: Pick<ListenConfig, 'host' | 'port'>,
  sockets: readonly ListeningSocket[],
): ListeningSocket | undefined {
  const address = parseIp(host)
  if (address === undefined || port === 0) return undefined
  return sockets.find((socket) => socket.port === port && overlaps(socket.address, address))
}

/** `::` takes IPv4 too, unless its program has asked for the contrary, which the system does not tell. */
function overlaps(taken: IpBytes, wanted: IpBytes): boolean {
  const sameFamily = taken.length === wanted.length
  if (isUnspecified(taken)) return sameFamily || taken.length === 16
  if (isUnspecified(wanted)) return sameFamily || wanted.length === 16
  return sameIp(taken, wanted)
}

export function rangeText({ ephemeral }: PortRules): string {
  return `${String(ephemeral.min)} to ${String(ephemeral.max)}`
}
