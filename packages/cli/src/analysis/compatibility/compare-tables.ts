import {
  type ActiveEntryConfig,
  addressText,
  decidingEntries,
  parseIp,
  type PassiveEntryConfig,
} from '@commloop/core'
import type { End } from './side.js'
import type { FitFinding } from './finding.js'
import { settingsFit } from './compare-settings.js'
import { isAnyAddress, samePlace } from './address-key.js'

/** An entry that dials, and the entries of the other table that it may fill. */
export interface FittedLink {
  readonly from: string
  readonly entry: string
  readonly to: string
  readonly entries: readonly string[]
  readonly place: string
}

export interface TableFit {
  readonly links: readonly FittedLink[]
  readonly findings: readonly FitFinding[]
}

/** Compares two tables as the two ends of the links between them. */
export function tableFit(left: End, right: End): TableFit {
  const there = oneWay(left, right)
  const back = oneWay(right, left)
  const links = [...there.links, ...back.links]
  const findings = [...there.findings, ...back.findings]
  if (links.length === 0 && findings.length === 0) findings.push(...nothingBetween(left, right))
  return { links, findings: withoutRepeats(findings) }
}

/** The links that `from` opens, and what `to` waits for in vain. */
function oneWay(from: End, to: End): TableFit {
  const dials = dialsTo(from, to)
  const fitted = dials.map((entry) => oneDial(entry, from, to))
  const links = fitted.flatMap(({ link }) => link ?? [])
  const findings = fitted.flatMap((fit) => fit.findings)
  if (dials.length === 0) findings.push(...waitedInVain(from, to))
  else findings.push(...tooFewSlots(dials, from, to))
  return { links, findings }
}

function dialsTo(from: End, to: End): ActiveEntryConfig[] {
  return from.table.node.entries.filter(
    (entry): entry is ActiveEntryConfig =>
      entry.role === 'active' && samePlace(entry.host, to.address),
  )
}

interface DialFit {
  readonly link: FittedLink | undefined
  readonly findings: readonly FitFinding[]
}

function oneDial(entry: ActiveEntryConfig, from: End, to: End): DialFit {
  const about = [named(from, entry.id)]
  const { name } = to.table.node
  const group = admitting(entry.bind ?? from.address, to)
  const [first] = group
  const faults = [...doorFaults(entry, to), ...(first ? [] : [notAdmitted(entry, from, to)])]
  if (first === undefined || faults.length > 0) {
    return { link: undefined, findings: faults.map((fault) => ({ ...fault, about })) }
  }
  const ids = group.map(({ id }) => id)
  const place = placeOf(entry)
  return {
    link: { from: from.table.node.name, entry: entry.id, to: name, entries: ids, place },
    findings: settingsFit({ end: from, entry }, { end: to, entry: first }).map((finding) => ({
      ...finding,
      about: [...about, named(to, first.id)],
    })),
  }
}

type Fault = Omit<FitFinding, 'about'>

/** Why what is dialled is not where the other end listens. */
function doorFaults(entry: ActiveEntryConfig, { table: { node } }: End): Fault[] {
  if (node.listen === undefined) {
    return [{ finding: 'not-listening', message: `${node.name} does not listen` }]
  }
  const { host, port } = node.listen
  const faults: Fault[] = []
  // Port 0 is whichever the system gives, and known only when the node runs.
  if (port !== 0 && port !== entry.port) {
    const message = `dials ${placeOf(entry)}, and ${node.name} listens at port ${String(port)}`
    faults.push({ finding: 'port-differs', message })
  }
  const isIp = parseIp(entry.host) !== undefined
  if (isIp && !isAnyAddress(host) && !samePlace(host, entry.host)) {
    const message = `dials ${placeOf(entry)}, and ${node.name} listens at ${host} only`
    faults.push({ finding: 'address-differs', message })
  }
  return faults
}

function placeOf({ host, port }: ActiveEntryConfig): string {
  return addressText({ ip: host, port })
}

function notAdmitted(entry: ActiveEntryConfig, from: End, to: End): Fault {
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

/** The passive entries that decide about an address: the most specific that match it. */
function admitting(source: string, to: End): readonly PassiveEntryConfig[] {
  const address = parseIp(source)
  return address === undefined ? [] : decidingEntries(to.table.node.entries, address)
}

function passiveOf({ table }: End): PassiveEntryConfig[] {
  return table.node.entries.filter((entry) => entry.role === 'passive')
}

/** Entries of `to` that stand for `from` alone. */
function waitingFor(from: End, to: End): PassiveEntryConfig[] {
  return passiveOf(to).filter(
    ({ pattern }) => pattern.kind === 'exact' && samePlace(pattern.text, from.address),
  )
}

function waitedInVain(from: End, to: End): FitFinding[] {
  const waiting = waitingFor(from, to)
  if (waiting.length === 0) return []
  const about = waiting.map(({ id }) => named(to, id))
  const counterpart = waitingFor(to, from)
  if (counterpart.length > 0 && dialsTo(to, from).length === 0) {
    const both = [...about, ...counterpart.map(({ id }) => named(from, id))]
    const message = 'both wait for the other to dial, and nobody does'
    return [{ finding: 'both-passive', about: both.sort(), message }]
  }
  const { name } = from.table.node
  const message = `${to.table.node.name} waits for ${from.address}, and ${name} has no active entry for ${to.address}`
  return [{ finding: 'nobody-dials', about, message }]
}

function tooFewSlots(dials: readonly ActiveEntryConfig[], from: End, to: End): FitFinding[] {
  const bySource = new Map<string, ActiveEntryConfig[]>()
  // What is dialled at a wrong port takes no slot.
  for (const entry of dials.filter((dial) => dial.enabled && doorFaults(dial, to).length === 0)) {
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

function nothingBetween(left: End, right: End): FitFinding[] {
  const names = [left, right].map(({ table, address }) => `${table.node.name} at ${address}`)
  const message = `neither table names the other: ${names.join(', ')}`
  return [{ finding: 'not-named', about: [], message }]
}

function named({ table }: End, entry: string): string {
  return `${table.node.name}: ${entry}`
}

/** What both ways meet is told once. */
function withoutRepeats(findings: readonly FitFinding[]): FitFinding[] {
  const seen = new Set<string>()
  return findings.filter((finding) => {
    const key = JSON.stringify(finding)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
