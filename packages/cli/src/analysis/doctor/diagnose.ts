import {
  type ActiveEntryConfig,
  type FrameCodec,
  type NodeConfig,
  parseIp,
  sizeText,
} from '@commloop/core'
import { explainConfig } from '../explanation/config-explanation.js'
import type { LoadedConfig } from '@commloop/config'
import { processLimits } from '@commloop/metrics'
import { inBatches } from './map-limit.js'
import { dialFindings } from './dial-findings.js'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'
import { conflicting, type ListenFacts, listenFindings } from './listen-findings.js'
import { listeningSockets } from './linux/listening-sockets.js'
import { lookUpNames, type NameLookup } from './name-lookup.js'
import { nodeFindings } from './node-findings.js'
import type { NodeReport } from '../../running-node/node-report.js'
import { ownAddresses } from './own-addresses.js'
import { tryPeer } from './probe-peer.js'
import { portRules } from './linux/ephemeral-ports.js'
import { ownerOfSocket, runsConfig, type SocketOwner } from './linux/socket-owner.js'

/** What the doctor found, and what it looked at. */
export interface Examination {
  /** The process that runs this configuration; null: none was seen. */
  readonly pid: number | null
  readonly findings: readonly DoctorFinding[]
  readonly lookedAt: readonly string[]
  /** Each with why not. */
  readonly notLookedAt: readonly string[]
}

/** Each trial is a connection that the peer sees; so many at once are no storm. */
const TRIALS_MAX = 8

/** Looks at a configuration without mistakes, at the machine, at the running node where one answers, and at peers. */
export async function examine(
  config: LoadedConfig,
  report: NodeReport | undefined,
  dial: boolean,
): Promise<Examination> {
  const { node } = config
  const active = node.entries.filter((entry) => entry.role === 'active' && entry.enabled)
  const door = lookAtDoor(node, config.file, report)
  const own = ownAddresses()
  const rules = portRules()
  const names = await lookUpNames(
    active.flatMap((entry) => (entry.role === 'active' && isName(entry.host) ? [entry.host] : [])),
  )
  const findings = [
    ...config.warnings.map((warning) =>
      doctorFinding('config-warning', null, warning, '`commloop check` explains the whole file.'),
    ),
    ...limitFindings(config, door.pid),
    ...(node.listen === undefined
      ? []
      : listenFindings(node.listen, { own, rules, holder: door.holder })),
    ...active.flatMap((entry) =>
      entry.role === 'active'
        ? dialFindings(entry, { listen: node.listen, own, rules, names })
        : [],
    ),
    ...(report === undefined ? [] : nodeFindings(report)),
    ...(dial ? await tryPeers(node, config, report, names) : []),
  ]
  const looks = [
    look('the configuration', undefined),
    look('sockets of this machine', door.unseen ? 'this system does not list them' : undefined),
    look('ports of this machine', rules === undefined ? 'this system does not say' : undefined),
    look('host names', names.size === 0 ? 'none in active entries' : undefined),
    look('the running node', report === undefined ? 'none has answered' : undefined),
    look('peers', dial ? undefined : '--dial opens a connection to each'),
  ]
  return {
    pid: door.pid,
    findings,
    lookedAt: looks.flatMap(({ what, why }) => (why === undefined ? [what] : [])),
    notLookedAt: looks.flatMap(({ what, why }) => (why === undefined ? [] : [`${what}: ${why}`])),
  }
}

function look(what: string, why: string | undefined): { what: string; why: string | undefined } {
  return { what, why }
}

interface Door {
  readonly pid: number | null
  readonly holder: ListenFacts['holder']
  readonly unseen: boolean
}

/** Who listens where the node would: another, or the node itself, which is as it should be. */
function lookAtDoor(node: NodeConfig, file: string, report: NodeReport | undefined): Door {
  const sockets = node.listen === undefined ? [] : listeningSockets()
  const pid = report?.pid ?? null
  const socket = node.listen && conflicting(node.listen, sockets ?? [])
  if (socket === undefined) return { pid, holder: undefined, unseen: sockets === undefined }
  const owner: SocketOwner | undefined = ownerOfSocket(socket.inode)
  if (owner === undefined) return { pid, holder: { socket }, unseen: false }
  const isNode = owner.pid === pid || runsConfig(owner, file)
  return isNode
    ? { pid: owner.pid, holder: undefined, unseen: false }
    : { pid, holder: { socket, owner }, unseen: false }
}

function limitFindings(config: LoadedConfig, pid: number | null): DoctorFinding[] {
  const { memory, descriptors } = explainConfig(config, processLimits(pid ?? 'self'))
  const findings: DoctorFinding[] = []
  if (descriptors.soft !== null && descriptors.max > descriptors.soft) {
    const whose = pid === null ? 'a process started here' : `the running node (pid ${String(pid)})`
    findings.push(
      doctorFinding(
        'descriptors-few',
        null,
        `the table may need ${String(descriptors.max)} descriptors, and ${whose} may have ${String(descriptors.soft)}`,
        'Raise the limit: `ulimit -n`, or LimitNOFILE= in the unit; or give entries fewer slots.',
      ),
    )
  }
  if (memory.bytesMax > memory.availableBytes) {
    findings.push(
      doctorFinding(
        'memory-small',
        null,
        `full queues would take ${sizeText(memory.bytesMax)}, and there are ${sizeText(memory.availableBytes)}`,
        'Lower "outbox".',
      ),
    )
  }
  return findings
}

/** A link that is up, or that the node dials at this moment, is left alone: a second connection would be a duplicate. */
async function tryPeers(
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
      names.get(entry.host)?.problem === undefined,
  )
  const found = await inBatches(entries, TRIALS_MAX, (entry) =>
    tryPeer(entry, codecOf(entry, config)),
  )
  return found.filter((finding) => finding !== undefined)
}

function codecOf({ settings }: ActiveEntryConfig, config: LoadedConfig): FrameCodec {
  return settings.codec?.value ?? config.plugins.codec.value
}

function isName(host: string): boolean {
  return parseIp(host) === undefined
}
