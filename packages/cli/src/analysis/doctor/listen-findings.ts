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

/** Facts about this machine that concern its listener. */
export interface ListenFacts {
  readonly own: OwnAddresses
  readonly rules: PortRules | undefined
  /** Another process that listens at the node's address; undefined: there is none, or it is the node itself. */
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
        `${host} is not a local address (local: ${own.texts.join(', ')})`,
        'Use one of these, or 0.0.0.0 for all.',
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
        `this user may not listen on port ${String(port)}`,
        'Use a port from 1024 on, or grant CAP_NET_BIND_SERVICE.',
      ),
    )
  }
  if (rules.isEphemeral(port)) {
    findings.push(
      doctorFinding(
        'listen-port-ephemeral',
        'listen.port',
        `${String(port)} is in the range for outgoing connections, ${rangeText(rules)}: ` +
          'a connection that gets this port prevents the node from listening',
        'Use a port outside this range, or add it to net.ipv4.ip_local_reserved_ports (sysctl).',
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
      ? `a process of user ${String(socket.uid)}, which this user may not inspect`
      : `"${owner.name}" (pid ${String(owner.pid)})`
  return doctorFinding(
    'port-used',
    'listen.port',
    `${addressText({ ip: host, port })} is taken by ${who}`,
    owner === undefined
      ? 'Run the doctor as that user or as root to see its name; stop it, or change listen.port.'
      : 'Stop it, or change listen.port.',
  )
}

/** The listening socket that prevents another one from listening at this address. */
export function conflicting(
  { host, port }: Pick<ListenConfig, 'host' | 'port'>,
  sockets: readonly ListeningSocket[],
): ListeningSocket | undefined {
  const address = parseIp(host)
  if (address === undefined || port === 0) return undefined
  return sockets.find((socket) => socket.port === port && overlaps(socket.address, address))
}

/** `::` also accepts IPv4, unless its program has disabled that, which the system does not report. */
function overlaps(taken: IpBytes, wanted: IpBytes): boolean {
  const sameFamily = taken.length === wanted.length
  if (isUnspecified(taken)) return sameFamily || taken.length === 16
  if (isUnspecified(wanted)) return sameFamily || wanted.length === 16
  return sameIp(taken, wanted)
}

export function rangeText({ ephemeral }: PortRules): string {
  return `${String(ephemeral.min)} to ${String(ephemeral.max)}`
}
