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
  readonly listen: ListenConfig | undefined
  readonly own: OwnAddresses
  readonly rules: PortRules | undefined
  /** By host name. */
  readonly names: ReadonlyMap<string, NameLookup>
}

/** What can be said of an active entry without dialling. */
export function dialFindings(entry: ActiveEntryConfig, facts: DialFacts): DoctorFinding[] {
  return [
    bindFinding(entry, facts),
    nameFinding(entry, facts),
    itselfFinding(entry, facts),
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
    `bind: ${bind} is no address of this machine, which has ${own.texts.join(', ')}`,
    'Take one of these, or leave "bind" out and let the system choose.',
  )
}

function nameFinding(
  { id, host }: ActiveEntryConfig,
  { names }: DialFacts,
): DoctorFinding | undefined {
  const lookup = names.get(host)
  if (lookup?.problem === undefined) return undefined
  return doctorFinding(
    'name-unresolved',
    id,
    `the name ${host} has no address: ${lookup.problem}`,
    'Correct the name, or ask whoever runs the name service; an address under "ip" needs none.',
  )
}

function addressesOf({ host }: ActiveEntryConfig, { names }: DialFacts): readonly string[] {
  return names.get(host)?.addresses ?? [host]
}

function isOwn(entry: ActiveEntryConfig, facts: DialFacts): boolean {
  return addressesOf(entry, facts).some((text) => {
    const address = parseIp(text)
    return address !== undefined && facts.own.has(address)
  })
}

function itselfFinding(entry: ActiveEntryConfig, facts: DialFacts): DoctorFinding | undefined {
  const { listen } = facts
  if (listen === undefined || listen.port !== entry.port || listen.port === 0) return undefined
  const door = parseIp(listen.host)
  if (door === undefined) return undefined
  const meets = isUnspecified(door)
    ? isOwn(entry, facts)
    : addressesOf(entry, facts).some((text) => {
        const address = parseIp(text)
        return address !== undefined && sameIp(address, door)
      })
  if (!meets) return undefined
  return doctorFinding(
    'dials-itself',
    entry.id,
    `${addressText({ ip: entry.host, port: entry.port })} is where this node listens itself`,
    'Name the address and the port of the peer.',
  )
}

function ephemeralFinding(entry: ActiveEntryConfig, facts: DialFacts): DoctorFinding | undefined {
  const { rules } = facts
  if (rules?.isEphemeral(entry.port) !== true) return undefined
  const port = String(entry.port)
  const [risk, where] = isOwn(entry, facts)
    ? ['while nobody listens there, a dial may be given that very port and connect to itself', '']
    : [
        'if the peer is like this machine, a connection of its own may have the port',
        ' at the peer',
      ]
  return doctorFinding(
    'dial-port-ephemeral',
    entry.id,
    `${port} is among the ports that outgoing connections are given here, ${rangeText(rules)}: ${risk}`,
    `Take a port outside, or add it${where} to net.ipv4.ip_local_reserved_ports (sysctl).`,
  )
}
