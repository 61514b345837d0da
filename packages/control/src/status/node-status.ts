import {
  addressText,
  type EntryConfig,
  entryPlaces,
  type Finding,
  type LinkCounters,
  type LinkHandle,
  type LinkState,
  type LinkWait,
  type NameState,
  type Node,
  type NodeCounters,
  type NotListening,
  type ReasonCode,
} from '@commloop/core'
import type { OutputStatus } from '@commloop/metrics'
import type { Availability, MissingEntry } from './availability.js'

/** What a link waits for: its turn to dial, or what its open connection must do before the link is up. */
export type LinkWaiting =
  | Extract<LinkWait, { for: 'turn' }>
  | {
      readonly for: Exclude<LinkWait['for'], 'turn'>
      readonly remote: string
      /** How far an opening is, in its own words. */
      readonly progress?: string
    }

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
  readonly listeners: readonly ListenerStatus[]
  /** True if no entry is missing and every listener is open, and received messages can be written to the output. */
  /** Why the node does not listen although its configuration says so, and for how long; null: it does, or should not. */
  readonly notListening: NotListening | null
  /** True if no entry is missing, the node listens where it should, and received messages can be written. */
  readonly ok: boolean
  readonly missing: readonly MissingEntry[]
  readonly findings: readonly Finding[]
  readonly counters: NodeCounters
  /** Log lines that were lost: the disk was full, the reader too slow or gone, or the logger threw. */
  readonly lostLogLines: number
  /** Null if no other program reads the received messages. */
  readonly output: OutputStatus | null
  readonly links: readonly LinkStatus[]
  /** The names of passive entries, and from which addresses their peers may connect. */
  readonly names: readonly NameStatus[]
}

/** The name of a passive entry. Durations in milliseconds. */
export interface NameStatus {
  readonly name: string
  /** Of the last successful look-up; empty before the first. */
  readonly addresses: readonly string[]
  /** Since that look-up; null: there was none. */
  readonly ageMs: number | null
  /** Why the last look-up has failed; null: it has not. */
  readonly problem: string | null
}

export interface ListenerStatus {
  readonly name: string
  readonly host: string
  /** The real port while the listener is open, else the configured one. */
  readonly port: number
  /** False: the address cannot be opened at present, and the node tries again. */
  readonly open: boolean
}

/** The response to `GET /v1/links/:id`. Durations in milliseconds, sizes in bytes. */
export interface LinkStatus {
  readonly id: string
  readonly entry: string
  readonly role: 'active' | 'passive'
  /** The configured peer: the address to dial, or the addresses that may dial us. Several are separated by commas. */
  readonly peer: string
  /** The address that is being dialled, or with which the next dial begins; null on passive links. */
  readonly dialAddress: string | null
  readonly state: LinkState
  readonly enabled: boolean
  readonly lasting: boolean
  readonly epoch: number
  /** The address of the connected peer. */
  readonly remote: string | null
  /** The balancer through which the connected peer came; null if there is none. */
  readonly proxy: string | null
  /** The listener through which the connected peer came; null if there is none. */
  readonly listener: string | null
  /** Why the last connection or dial ended; null while the link is up. */
  readonly reason: string | null
  /** The code of `reason`, for programs. */
  readonly reasonCode: ReasonCode | null
  readonly sinceMs: number
  readonly attempt: number
  readonly nextDialInMs: number | null
  readonly waiting: LinkWaiting | null
  readonly queuedMessages: number
  readonly queuedMessagesMax: number
  readonly queuedBytes: number
  readonly queuedBytesMax: number
  readonly highWaterMarkBytes: number
  readonly aboveHighWaterMark: boolean
  readonly counters: LinkCounters
}

/** The whole state of a node at this moment. */
export function nodeStatus(
  node: Node,
  facts: NodeFacts,
  availability: Availability,
  output: OutputStatus | undefined,
): NodeStatus {
  const { listening } = node
  const missing = availability.missing()
  const isWritable = output?.state !== 'failing' && output?.state !== 'closed'
  const isListening = node.listeners.every(({ open }) => open)
  return {
    api: 1,
    node: node.config.name,
    version: facts.version,
    pid: process.pid,
    config: facts.config,
    startedAt: facts.startedAt.toISOString(),
    uptimeMs: Math.round(process.uptime() * 1000),
    listen: listening === undefined ? null : { host: listening.ip, port: listening.port },
    listeners: listenerStatuses(node),
    notListening: node.notListening ?? null,
    ok: missing.length === 0 && isListening && isWritable,
    missing,
    findings: node.findings(),
    counters: node.counters,
    lostLogLines: node.counters.lostLogLines + (facts.lostLogLines?.() ?? 0),
    output: output ?? null,
    links: linkStatuses(node),
    names: node.names.map(nameStatus),
  }
}

function listenerStatuses({ listeners }: Node): ListenerStatus[] {
  return listeners.map(({ name, at, open }) => ({ name, host: at.ip, port: at.port, open }))
}

function nameStatus({ name, addresses, ageMs, problem }: NameState): NameStatus {
  const age = ageMs === undefined ? null : Math.round(ageMs)
  return { name, addresses, ageMs: age, problem: problem ?? null }
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
  const { through, dialAddress, reasonCode } = link.details
  const outbox = entry?.settings.outbox
  return {
    id: link.id,
    entry: link.entry,
    role: link.role,
    peer: entry === undefined ? '' : entryPlaces(entry).join(', '),
    dialAddress: dialAddress ?? null,
    state: link.state,
    enabled: link.enabled,
    lasting: link.lasting,
    epoch: link.epoch,
    remote: remote === undefined ? null : addressText(remote),
    proxy: through?.proxy === undefined ? null : addressText(through.proxy),
    listener: through?.listener ?? null,
    reason: link.reason ?? null,
    reasonCode: reasonCode ?? null,
    sinceMs: Math.round(link.sinceMs),
    attempt: link.attempt,
    nextDialInMs: nextDialInMs === undefined ? null : Math.round(nextDialInMs),
    waiting: waitingOf(link),
    queuedMessages: link.queuedMessages,
    queuedMessagesMax: outbox?.messagesMax ?? 0,
    queuedBytes: link.queuedBytes,
    queuedBytesMax: outbox?.bytesMax ?? 0,
    highWaterMarkBytes: entry?.settings.highWaterMarkBytes ?? 0,
    aboveHighWaterMark: link.aboveHighWaterMark,
    counters: link.counters,
  }
}

function waitingOf({ waiting }: LinkHandle): LinkWaiting | null {
  if (waiting === undefined || waiting.for === 'turn') return waiting ?? null
  return { ...waiting, remote: addressText(waiting.remote) }
}
