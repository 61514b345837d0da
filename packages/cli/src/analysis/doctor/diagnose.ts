import {
  type ActiveEntryConfig,
  type EntryConfig,
  type FrameCodec,
  type ListenConfig,
  type NodeConfig,
  parseIp,
  pathText,
  sizeText,
} from '@commloop/core'
import { ceilings } from '../explanation/ceilings.js'
import type { LoadedConfig } from '@commloop/config'
import { processLimits } from '@commloop/metrics'
import { mapLimit } from './map-limit.js'
import { dialFindings, nameFinding } from './dial-findings.js'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'
import { conflicting, type ListenFacts, listenFindings } from './listen-findings.js'
import { listeningSockets } from './linux/listening-sockets.js'
import { lookUpNames, type NameLookup } from './name-lookup.js'
import { nodeFindings } from './node-findings.js'
import type { NodeReport } from '../../running-node/node-report.js'
import { ownAddresses } from './own-addresses.js'
import { probePeer } from './probe-peer.js'
import { portRules } from './linux/ephemeral-ports.js'
import { ownerOfSocket, runsConfig, type SocketOwner } from './linux/socket-owner.js'

/** What the doctor found, and what it checked. The shape of `doctor --json`. */
export interface Diagnosis {
  /** The process that runs this configuration; null: none was found. */
  readonly pid: number | null
  readonly findings: readonly DoctorFinding[]
  readonly lookedAt: readonly string[]
  /** Parts that were not checked, each with the reason. */
  readonly notLookedAt: readonly string[]
}

/** The most probes at the same time, because each one is a connection that the peer sees. */
const PROBES_MAX = 8

/** Checks a valid configuration, this machine, the running node if it answers, and with `dial` also the peers. */
export async function diagnose(
  config: LoadedConfig,
  report: NodeReport | undefined,
  dial: boolean,
): Promise<Diagnosis> {
  const { node } = config
  const enabled = node.entries.filter((entry) => entry.enabled)
  const listening = listeningState(node, config.file, report)
  const own = ownAddresses()
  const rules = portRules()
  const names = await lookUpNames(enabled.flatMap((entry) => namesOf(entry)))
  const ofDials = enabled.flatMap((entry) =>
    entry.role === 'active'
      ? dialFindings(entry, { listeners: node.listeners, own, rules, names })
      : [],
  )
  const findings = [
    ...warningFindings(config, ofDials),
    ...limitFindings(config, listening.pid),
    ...listening.places.flatMap(({ place, holder }) =>
      listenFindings(place, { own, rules, holder }),
    ),
    ...enabled.flatMap((entry) =>
      namesOf(entry).flatMap((host) => nameFinding(entry.id, host, names) ?? []),
    ),
    ...ofDials,
    ...(report === undefined ? [] : nodeFindings(report)),
    ...(dial ? await probePeers(node, config, report, names) : []),
  ]
  const looks = [
    look('the configuration', undefined),
    look(
      'sockets of this machine',
      listening.unseen ? 'this system does not list them' : undefined,
    ),
    look(
      'ports of this machine',
      rules === undefined ? 'this system does not report them' : undefined,
    ),
    look('host names', names.size === 0 ? 'no entry has one' : undefined),
    look('the running node', report === undefined ? 'no node answered' : undefined),
    look('peers', dial ? undefined : 'use --dial to open a connection to each'),
  ]
  return {
    pid: listening.pid,
    findings,
    lookedAt: looks.flatMap(({ what, why }) => (why === undefined ? [what] : [])),
    notLookedAt: looks.flatMap(({ what, why }) => (why === undefined ? [] : [`${what}: ${why}`])),
  }
}

/** The warnings of the configuration, without those that the doctor reports as findings of its own. */
function warningFindings(
  { node, warnings }: LoadedConfig,
  ofDials: readonly DoctorFinding[],
): DoctorFinding[] {
  const dialItself = new Set(
    ofDials.filter(({ finding }) => finding === 'dials-itself').map(({ about }) => about),
  )
  const places = node.entries
    .filter(({ id }) => dialItself.has(id))
    .flatMap(({ index }) => ['ip', 'host'].map((key) => `${pathText(['links', index, key])}: `))
  return warnings
    .filter((warning) => !places.some((place) => warning.startsWith(place)))
    .map((warning) =>
      doctorFinding('config-warning', null, warning, '`commloop check` explains the whole file.'),
    )
}

function look(what: string, why: string | undefined): { what: string; why: string | undefined } {
  return { what, why }
}

interface ListeningState {
  /** The process of the node, if it runs. */
  readonly pid: number | null
  readonly places: readonly {
    readonly place: ListenConfig
    readonly holder: ListenFacts['holder']
  }[]
  /** True if the system does not list its sockets. */
  readonly unseen: boolean
}

/** Which other processes listen at the node's addresses. The node itself does not count. */
function listeningState(
  node: NodeConfig,
  file: string,
  report: NodeReport | undefined,
): ListeningState {
  const sockets = node.listeners.length === 0 ? [] : listeningSockets()
  let pid = report?.pid ?? null
  const places = node.listeners.map((place) => {
    const socket = conflicting(place, sockets ?? [])
    if (socket === undefined) return { place, holder: undefined }
    const owner: SocketOwner | undefined = ownerOfSocket(socket.inode)
    if (owner === undefined) return { place, holder: { socket } }
    if (owner.pid !== pid && !runsConfig(owner, file)) return { place, holder: { socket, owner } }
    pid = owner.pid
    return { place, holder: undefined }
  })
  return { pid, places, unseen: sockets === undefined }
}

function limitFindings(config: LoadedConfig, pid: number | null): DoctorFinding[] {
  const { memory, descriptors } = ceilings(config, processLimits(pid ?? 'self'))
  const findings: DoctorFinding[] = []
  if (descriptors.soft !== null && descriptors.max > descriptors.soft) {
    const whose = pid === null ? 'a process started here' : `the running node (pid ${String(pid)})`
    findings.push(
      doctorFinding(
        'descriptors-few',
        null,
        `the table may need ${String(descriptors.max)} descriptors, and ${whose} may open ${String(descriptors.soft)}`,
        'Raise the limit: `ulimit -n`, or LimitNOFILE= in the unit; or reduce "slots".',
      ),
    )
  }
  if (memory.bytesMax > memory.availableBytes) {
    findings.push(
      doctorFinding(
        'memory-small',
        null,
        `full queues would need ${sizeText(memory.bytesMax)}, and the machine has ${sizeText(memory.availableBytes)}`,
        'Reduce "outbox".',
      ),
    )
  }
  return findings
}

/** Skips links that are up: the peer would treat a second connection as a duplicate. */
async function probePeers(
  node: NodeConfig,
  config: LoadedConfig,
  report: NodeReport | undefined,
  names: ReadonlyMap<string, NameLookup>,
): Promise<DoctorFinding[]> {
  const busy = new Set(
    (report?.links ?? []).filter(({ state }) => state === 'up').map(({ entry }) => entry),
  )
  const entries = node.entries.filter(
    (entry): entry is ActiveEntryConfig =>
      entry.role === 'active' &&
      entry.enabled &&
      !busy.has(entry.id) &&
      entry.hosts.some((host) => names.get(host)?.problem === undefined),
  )
  const places = entries.flatMap((entry) =>
    entry.hosts
      .filter((host) => names.get(host)?.problem === undefined)
      .map((host) => ({ entry, host })),
  )
  const found = await mapLimit(places, PROBES_MAX, ({ entry, host }) =>
    probePeer({ ...entry, host }, config.plugins.transport.value, codecOf(entry, config)),
  )
  return found.filter((finding) => finding !== undefined)
}

function codecOf({ settings }: ActiveEntryConfig, config: LoadedConfig): FrameCodec {
  return settings.codec?.value ?? config.plugins.codec.value
}

/** The names that the node looks up for an entry. */
function namesOf(entry: EntryConfig): string[] {
  if (entry.role === 'active') return entry.hosts.filter(isName)
  return entry.patterns.filter(({ kind }) => kind === 'name').map(({ text }) => text)
}

function isName(host: string): boolean {
  return parseIp(host) === undefined
}
