import {
  type ActiveEntryConfig,
  addressText,
  decidingEntries,
  type ListenConfig,
  parseIp,
  type PassiveEntryConfig,
} from '@commloop/core'
import { isUnspecifiedHost, sameAddress } from './address-key.js'
import { compareSettings } from './compare-settings.js'
import type { CompatibilityFinding } from './finding.js'
import type { Side } from './side.js'

/** An entry that dials, and the entries of the other table whose slots it may fill. The shape of `check --with --json`. */
export interface MatchedLink {
  readonly from: string
  readonly entry: string
  readonly to: string
  readonly entries: readonly string[]
  /** Address and port that the entry dials. */
  readonly place: string
}

export interface TableComparison {
  readonly links: readonly MatchedLink[]
  readonly findings: readonly CompatibilityFinding[]
}

/** Compares the tables of two nodes that are each other's peers. */
export function compareTables(left: Side, right: Side): TableComparison {
  const there = compareOneWay(left, right)
  const back = compareOneWay(right, left)
  const links = [...there.links, ...back.links]
  const findings = [...there.findings, ...back.findings]
  if (links.length === 0 && findings.length === 0) findings.push(notNamed(left, right))
  return { links, findings: withoutRepeats(findings) }
}

/** The links that `from` dials, and the entries of `to` that wait for a dial that `from` does not make. */
function compareOneWay(from: Side, to: Side): TableComparison {
  const dials = dialsTo(from, to)
  const compared = dials.map((entry) => compareDial(entry, from, to))
  const links = compared.flatMap(({ link }) => link ?? [])
  const findings = compared.flatMap((dial) => dial.findings)
  if (dials.length === 0) findings.push(...missingDials(from, to))
  else findings.push(...tooFewSlots(dials, from, to))
  return { links, findings }
}

function dialsTo(from: Side, to: Side): ActiveEntryConfig[] {
  return from.table.node.entries.filter(
    (entry): entry is ActiveEntryConfig =>
      entry.role === 'active' && entry.hosts.some((host) => sameAddress(host, to.address)),
  )
}

interface DialComparison {
  readonly link: MatchedLink | undefined
  readonly findings: readonly CompatibilityFinding[]
}

function compareDial(entry: ActiveEntryConfig, from: Side, to: Side): DialComparison {
  const about = [named(from, entry.id)]
  const { name } = to.table.node
  const group = admitting(entry.bind ?? from.address, to, dialledListener(entry, to)?.name)
  const [first] = group
  const problems = [...listenProblems(entry, to), ...(first ? [] : [notAdmitted(entry, from, to)])]
  if (first === undefined || problems.length > 0) {
    return { link: undefined, findings: problems.map((problem) => ({ ...problem, about })) }
  }
  const ids = group.map(({ id }) => id)
  const place = dialledAddress(entry, to)
  return {
    link: { from: from.table.node.name, entry: entry.id, to: name, entries: ids, place },
    findings: compareSettings({ side: from, entry }, { side: to, entry: first }).map((finding) => ({
      ...finding,
      about: [...about, named(to, first.id)],
    })),
  }
}

type DialProblem = Omit<CompatibilityFinding, 'about'>

/** The listener of the other side that this entry dials; several: the first that fits. */
function dialledListener(entry: ActiveEntryConfig, to: Side): ListenConfig | undefined {
  const { node } = to.table
  const fitting = node.listeners.find(
    (listener) => listenerProblems(entry, listener, to, '').length === 0,
  )
  return fitting ?? node.listeners.find(({ port }) => port === entry.port)
}

/** Why the other side does not listen at the address that this entry dials. */
function listenProblems(entry: ActiveEntryConfig, to: Side): DialProblem[] {
  const { node } = to.table
  if (node.listen === undefined) {
    return [{ finding: 'not-listening', message: `${node.name} does not listen` }]
  }
  const listener = dialledListener(entry, to)
  if (listener !== undefined || node.listeners.length === 1) {
    return listenerProblems(entry, listener ?? node.listen, to, node.name)
  }
  const ports = node.listeners.map(({ port }) => String(port)).join(', ')
  const message = `dials ${dialledAddress(entry, to)}, and ${node.name} listens at the ports ${ports}`
  return [{ finding: 'port-differs', message }]
}

function listenerProblems(
  entry: ActiveEntryConfig,
  { host, port }: ListenConfig,
  to: Side,
  name: string,
): DialProblem[] {
  const problems: DialProblem[] = []
  // With port 0, the system chooses the port when the node starts.
  if (port !== 0 && port !== entry.port) {
    const message = `dials ${dialledAddress(entry, to)}, and ${name} listens at port ${String(port)}`
    problems.push({ finding: 'port-differs', message })
  }
  const isOnlyIps = entry.hosts.every((dialled) => parseIp(dialled) !== undefined)
  const meets = entry.hosts.some((dialled) => sameAddress(host, dialled))
  if (isOnlyIps && !isUnspecifiedHost(host) && !meets) {
    const message = `dials ${dialledAddress(entry, to)}, and ${name} listens only at ${host}`
    problems.push({ finding: 'address-differs', message })
  }
  return problems
}

/** Of all addresses that the entry dials, the one of the other side. */
function dialledAddress({ host, hosts, port }: ActiveEntryConfig, to: Side): string {
  const ip = hosts.find((dialled) => sameAddress(dialled, to.address)) ?? host
  return addressText({ ip, port })
}

function notAdmitted(entry: ActiveEntryConfig, from: Side, to: Side): DialProblem {
  const source = entry.bind ?? from.address
  const { name } = to.table.node
  const neither = dialsTo(to, from).length > 0 && admitting(to.address, from).length === 0
  return neither
    ? {
        finding: 'both-active',
        message: 'both dial, and neither has a passive entry for the other',
      }
    : { finding: 'not-admitted', message: `${name} has no passive entry for ${source}` }
}

/** The passive entries that decide about an address or a name: the most specific that match it. */
function admitting(source: string, to: Side, listener?: string): readonly PassiveEntryConfig[] {
  const address = parseIp(source)
  if (address !== undefined) return decidingEntries(to.table.node.entries, address, listener)
  return passiveOf(to).filter(({ patterns }) =>
    patterns.some(({ kind, text }) => kind === 'name' && sameAddress(text, source)),
  )
}

function passiveOf({ table }: Side): PassiveEntryConfig[] {
  return table.node.entries.filter((entry) => entry.role === 'passive')
}

function isOneMachine(kind: PassiveEntryConfig['pattern']['kind']): boolean {
  return kind === 'exact' || kind === 'name'
}

/** Entries of `to` that wait for exactly `from`. */
function waitingFor(from: Side, to: Side): PassiveEntryConfig[] {
  return passiveOf(to).filter(({ patterns }) =>
    patterns.some(({ kind, text }) => isOneMachine(kind) && sameAddress(text, from.address)),
  )
}

function missingDials(from: Side, to: Side): CompatibilityFinding[] {
  const waiting = waitingFor(from, to)
  if (waiting.length === 0) return []
  const about = waiting.map(({ id }) => named(to, id))
  const counterpart = waitingFor(to, from)
  if (counterpart.length > 0 && dialsTo(to, from).length === 0) {
    const both = [...about, ...counterpart.map(({ id }) => named(from, id))]
    const message = 'both wait for the other to dial, and neither dials'
    return [{ finding: 'both-passive', about: both.sort(), message }]
  }
  const { name } = from.table.node
  const message = `${to.table.node.name} waits for ${from.address}, and ${name} has no active entry for ${to.address}`
  return [{ finding: 'nobody-dials', about, message }]
}

function tooFewSlots(
  dials: readonly ActiveEntryConfig[],
  from: Side,
  to: Side,
): CompatibilityFinding[] {
  const bySource = new Map<string, ActiveEntryConfig[]>()
  // A dial to a wrong port does not take a slot.
  const reaching = dials.filter((dial) => dial.enabled && listenProblems(dial, to).length === 0)
  for (const entry of reaching) {
    const source = entry.bind ?? from.address
    bySource.set(source, [...(bySource.get(source) ?? []), entry])
  }
  return [...bySource].flatMap(([source, entries]) => {
    const slots = admitting(source, to).reduce((sum, { linkIds }) => sum + linkIds.length, 0)
    if (slots === 0 || slots >= entries.length) return []
    const about = entries.map(({ id }) => named(from, id))
    const counts = `${String(entries.length)} entries dial from ${source}`
    const message = `${counts}, and ${to.table.node.name} has ${String(slots)} for it: raise "slots"`
    return [{ finding: 'slots-few', about, message }]
  })
}

function notNamed(left: Side, right: Side): CompatibilityFinding {
  const names = [left, right].map(({ table, address }) => `${table.node.name} at ${address}`)
  const message = `neither table has an entry for the other node: ${names.join(', ')}`
  return { finding: 'not-named', about: [], message }
}

function named({ table }: Side, entry: string): string {
  return `${table.node.name}: ${entry}`
}

/** Both directions may lead to the same finding: it is reported once. */
function withoutRepeats(findings: readonly CompatibilityFinding[]): CompatibilityFinding[] {
  const seen = new Set<string>()
  return findings.filter((finding) => {
    const key = JSON.stringify(finding)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
