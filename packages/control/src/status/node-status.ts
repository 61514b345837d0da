import {
  addressText,
  type EntryConfig,
  type Finding,
  type LinkCounters,
  type LinkHandle,
  type LinkState,
  type Node,
  type NodeCounters,
} from '@commloop/core'
import type { Availability, MissingEntry } from './availability.js'

/** Facts about a node that do not change while it runs. */
export interface NodeFacts {
  /** The version of commloop, or of the application that embeds the node. */
  readonly version: string
  /** The path of the configuration file, or of the program. */
  readonly config: string
  /** When the process started, on the wall clock. */
  readonly startedAt: Date
  /** Log lines that could not be written, in addition to `counters.lostLogLines`. Left out: unknown. */
  readonly lostLogLines?: () => number
}

/** The response to `GET /v1/status`. Future versions may add keys, but will not remove any or change their meaning. */
export interface NodeStatus {
  readonly api: 1
  readonly node: string
  readonly version: string
  readonly pid: number
  readonly config: string
  readonly startedAt: string
  readonly uptimeMs: number
  readonly listen: { readonly host: string; readonly port: number } | null
  /** True if no entry is missing. */
  readonly ok: boolean
  readonly missing: readonly MissingEntry[]
  readonly findings: readonly Finding[]
  readonly counters: NodeCounters
  /** Log lines that were lost: the disk was full, the reader too slow or gone, or the logger threw. */
  readonly lostLogLines: number
  readonly links: readonly LinkStatus[]
}

/** The response to `GET /v1/links/:id`. Durations in milliseconds, sizes in bytes. */
export interface LinkStatus {
  readonly id: string
  readonly entry: string
  readonly role: 'active' | 'passive'
  /** The configured peer: the address to dial, or the addresses that may dial us. */
  readonly peer: string
  readonly state: LinkState
  readonly enabled: boolean
  readonly lasting: boolean
  readonly epoch: number
  /** The address of the connected peer. */
  readonly remote: string | null
  readonly reason: string | null
  readonly sinceMs: number
  readonly attempt: number
  readonly nextDialInMs: number | null
  readonly queuedMessages: number
  readonly queuedMessagesMax: number
  readonly queuedBytes: number
  readonly queuedBytesMax: number
  readonly highWaterMarkBytes: number
  readonly aboveHighWaterMark: boolean
  readonly counters: LinkCounters
}

/** The whole state of a node at this moment. */
export function nodeStatus(node: Node, facts: NodeFacts, availability: Availability): NodeStatus {
  const { listening } = node
  const missing = availability.missing()
  return {
    api: 1,
    node: node.config.name,
    version: facts.version,
    pid: process.pid,
    config: facts.config,
    startedAt: facts.startedAt.toISOString(),
    uptimeMs: Math.round(process.uptime() * 1000),
    listen: listening === undefined ? null : { host: listening.ip, port: listening.port },
    ok: missing.length === 0,
    missing,
    findings: node.findings(),
    counters: node.counters,
    lostLogLines: node.counters.lostLogLines + (facts.lostLogLines?.() ?? 0),
    links: linkStatuses(node),
  }
}

/** Every link, in the order of the table. */
export function linkStatuses(node: Node): LinkStatus[] {
  const entries = new Map(node.config.entries.map((entry) => [entry.id, entry]))
  return node.links().map((link) => linkStatus(link, entries.get(link.entry)))
}

export function statusOfLink(node: Node, link: LinkHandle): LinkStatus {
  return linkStatus(
    link,
    node.config.entries.find(({ id }) => id === link.entry),
  )
}

function linkStatus(link: LinkHandle, entry: EntryConfig | undefined): LinkStatus {
  const { remote, nextDialInMs } = link
  const outbox = entry?.settings.outbox
  return {
    id: link.id,
    entry: link.entry,
    role: link.role,
    peer: entry === undefined ? '' : peerText(entry),
    state: link.state,
    enabled: link.enabled,
    lasting: link.lasting,
    epoch: link.epoch,
    remote: remote === undefined ? null : addressText(remote),
    reason: link.reason ?? null,
    sinceMs: Math.round(link.sinceMs),
    attempt: link.attempt,
    nextDialInMs: nextDialInMs === undefined ? null : Math.round(nextDialInMs),
    queuedMessages: link.queuedMessages,
    queuedMessagesMax: outbox?.messagesMax ?? 0,
    queuedBytes: link.queuedBytes,
    queuedBytesMax: outbox?.bytesMax ?? 0,
    highWaterMarkBytes: entry?.settings.highWaterMarkBytes ?? 0,
    aboveHighWaterMark: link.aboveHighWaterMark,
    counters: link.counters,
  }
}

function peerText(entry: EntryConfig): string {
  if (entry.role === 'passive')
    return entry.pattern.kind === 'anyone' ? 'anyone' : entry.pattern.text
  return addressText({ ip: entry.host, port: entry.port })
}
