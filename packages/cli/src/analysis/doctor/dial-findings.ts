import {
  type ActiveEntryConfig,
  addressText,
  isUnspecified,
  type ListenConfig,
  parseIp,
  sameIp,
} from '@commloop/core'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'
import { rangeText } from './listen-findings.js'
import type { NameLookup } from './name-lookup.js'
import type { OwnAddresses } from './own-addresses.js'
import type { PortRules } from './linux/ephemeral-ports.js'

export interface DialFacts {
  readonly listeners: readonly ListenConfig[]
  readonly own: OwnAddresses
  readonly rules: PortRules | undefined
  /** Keyed by host name. */
  readonly names: ReadonlyMap<string, NameLookup>
}

/** Findings about an active entry, without dialling it. */
export function dialFindings(entry: ActiveEntryConfig, facts: DialFacts): DoctorFinding[] {
  return [
    bindFinding(entry, facts),
    ...entry.hosts.flatMap((host) => itselfFinding(entry, host, facts) ?? []),
    ephemeralFinding(entry, facts),
  ].filter((finding) => finding !== undefined)
}

function bindFinding(
  { id, bind }: ActiveEntryConfig,
  { own }: DialFacts,
): DoctorFinding | undefined {
  const address = bind === undefined ? undefined : parseIp(bind)
  if (bind === undefined || address === undefined) return undefined
  if (isUnspecified(address) || own.has(address)) return undefined
  return doctorFinding(
    'bind-address-foreign',
    id,
    `bind: ${bind} is not a local address (local: ${own.texts.join(', ')})`,
    'Use one of these, or leave "bind" out and let the system choose.',
  )
}

/** What is wrong with a name of an entry. */
export function nameFinding(
  id: string,
  host: string,
  names: ReadonlyMap<string, NameLookup>,
): DoctorFinding | undefined {
  const lookup = names.get(host)
  if (lookup?.problem === undefined) return undefined
  if (lookup.isSilent) {
    return doctorFinding(
      'name-service-silent',
      id,
      `the name service does not answer for ${host}: ${lookup.problem}`,
      'Check the name servers of this machine (/etc/resolv.conf) and the way to them. The name may be right.',
    )
  }
  return doctorFinding(
    'name-unresolved',
    id,
    `the name ${host} cannot be resolved: ${lookup.problem}`,
    'Correct the name, ask the operator of the name service, or set "ip" instead.',
  )
}

function addressesOf(host: string, { names }: DialFacts): readonly string[] {
  return names.get(host)?.addresses ?? [host]
}

function isOwn(host: string, facts: DialFacts): boolean {
  return addressesOf(host, facts).some((text) => {
    const address = parseIp(text)
    return address !== undefined && facts.own.has(address)
  })
}

function itselfFinding(
  entry: ActiveEntryConfig,
  host: string,
  facts: DialFacts,
): DoctorFinding | undefined {
  const { port } = entry
  if (!facts.listeners.some((listener) => dialsListener({ host, port }, listener, facts))) {
    return undefined
  }
  return doctorFinding(
    'dials-itself',
    entry.id,
    `${addressText({ ip: host, port: entry.port })} is the address at which this node listens`,
    'Set the address and the port of the peer.',
  )
}

function dialsListener(
  dialled: Pick<ActiveEntryConfig, 'host' | 'port'>,
  { host, port }: ListenConfig,
  facts: DialFacts,
): boolean {
  const listening = parseIp(host)
  if (listening === undefined || port !== dialled.port || port === 0) return false
  if (isUnspecified(listening)) return isOwn(dialled.host, facts)
  return addressesOf(dialled.host, facts).some((text) => {
    const address = parseIp(text)
    return address !== undefined && sameIp(address, listening)
  })
}

function ephemeralFinding(entry: ActiveEntryConfig, facts: DialFacts): DoctorFinding | undefined {
  const { rules } = facts
  if (rules?.isEphemeral(entry.port) !== true) return undefined
  const port = String(entry.port)
  const [risk, where] = entry.hosts.some((host) => isOwn(host, facts))
    ? ['while no program listens there, a dial may get this port and connect to itself', '']
    : [
        'if the peer has the same range, one of its own connections may take the port',
        ' at the peer',
      ]
  return doctorFinding(
    'dial-port-ephemeral',
    entry.id,
    `${port} is in the range for outgoing connections, ${rangeText(rules)}: ${risk}`,
    `Use a port outside this range, or add it${where} to net.ipv4.ip_local_reserved_ports (sysctl).`,
  )
}
