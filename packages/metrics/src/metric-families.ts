import type { EntryConfig, LinkCounters, LinkHandle, Node } from '@commloop/core'
import type { EventLoopDelay } from './event-loop-delay.js'
import { processFacts } from './process-facts.js'

/** A link at one moment. */
export interface MeasuredLink {
  readonly link: LinkHandle
  readonly entry: EntryConfig | undefined
  readonly counters: LinkCounters
}

/** What is measured. */
export interface Measured {
  readonly node: Node
  readonly version: string
  readonly startedAt: Date
  readonly delay: EventLoopDelay
  readonly links: readonly MeasuredLink[]
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type MetricUnit = 'seconds' | 'bytes' | 'messages' | 'copies' | 'number'

/** One metric: `docs/metrics.md` has a row for each, and a test compares them. */
export interface MetricFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly unit: MetricUnit
  readonly labels: readonly string[]
  readonly help: string
  readonly samples: (measured: Measured) => Iterable<Sample>
}

type Kind = Pick<MetricFamily, 'type' | 'unit'>

const COUNT_OF_MESSAGES: Kind = { type: 'counter', unit: 'messages' }
const COUNT_OF_COPIES: Kind = { type: 'counter', unit: 'copies' }
const COUNT_OF_BYTES: Kind = { type: 'counter', unit: 'bytes' }
const COUNT: Kind = { type: 'counter', unit: 'number' }
const LEVEL: Kind = { type: 'gauge', unit: 'number' }
const SECONDS: Kind = { type: 'gauge', unit: 'seconds' }
const BYTES: Kind = { type: 'gauge', unit: 'bytes' }
const COPIES: Kind = { type: 'gauge', unit: 'copies' }

// ── makers ──────────────────────────────────────────────────────────────────────────────────────────────────

function single(
  name: string,
  kind: Kind,
  help: string,
  valueOf: (measured: Measured) => number | undefined,
): MetricFamily {
  return labelled(name, kind, [], help, (measured) => {
    const value = valueOf(measured)
    return value === undefined ? [] : [{ labels: {}, value }]
  })
}

function labelled(
  name: string,
  kind: Kind,
  labels: readonly string[],
  help: string,
  samples: MetricFamily['samples'],
): MetricFamily {
  return { name, ...kind, labels, help, samples }
}

/** One sample for each link; undefined: none for this one. */
function perLink(
  name: string,
  kind: Kind,
  help: string,
  valueOf: (measured: MeasuredLink) => number | undefined,
): MetricFamily {
  return labelled(name, kind, ['link'], help, function* ({ links }) {
    for (const measured of links) {
      const value = valueOf(measured)
      if (value !== undefined) yield { labels: { link: measured.link.id }, value }
    }
  })
}

function byWord(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([word, value]) => ({ labels: { [label]: word }, value }))
}

// ── the metrics ─────────────────────────────────────────────────────────────────────────────────────────────

const NODE: readonly MetricFamily[] = [
  labelled('commloop_info', LEVEL, ['node', 'version'], 'Always 1.', ({ node, version }) => [
    { labels: { node: node.config.name, version }, value: 1 },
  ]),
  single(
    'commloop_accepted_messages_total',
    COUNT_OF_MESSAGES,
    'Accepted by send, or relayed.',
    ({ node }) => node.counters.accepted,
  ),
  single(
    'commloop_refused_messages_total',
    COUNT_OF_MESSAGES,
    'Refused by send: never accepted.',
    ({ node }) => node.counters.refused,
  ),
  single(
    'commloop_routed_messages_total',
    COUNT_OF_MESSAGES,
    'Whose route is known: given to links as copies.',
    ({ node }) => node.counters.routed,
  ),
  labelled(
    'commloop_unrouted_messages_total',
    COUNT_OF_MESSAGES,
    ['outcome'],
    'Ended before they reached a link: dropped, expired, undeliverable.',
    ({ node: { counters } }) => {
      const { dropped, expired, undeliverable } = counters
      return byWord('outcome', { dropped, expired, undeliverable })
    },
  ),
  single(
    'commloop_routing_messages',
    { type: 'gauge', unit: 'messages' },
    'Wait for the router now.',
    ({ node }) => node.counters.routing,
  ),
  single(
    'commloop_routing_messages_limit',
    { type: 'gauge', unit: 'messages' },
    'How many may wait for the router.',
    ({ node }) => node.config.routingMessagesMax,
  ),
  single(
    'commloop_late_answers_total',
    COUNT,
    'Answers of the router that came too late.',
    ({ node }) => node.counters.lateAnswers,
  ),
  single(
    'commloop_copies_total',
    COUNT_OF_COPIES,
    'Given to links: one for each message and link.',
    ({ node }) => node.counters.copies,
  ),
  single(
    'commloop_unhandled_messages_total',
    COUNT_OF_MESSAGES,
    'Received without a listener, a stream or a relay for them.',
    ({ node }) => node.counters.unhandled,
  ),
  single(
    'commloop_unheard_messages_total',
    COUNT_OF_MESSAGES,
    'The former name of commloop_unhandled_messages_total.',
    ({ node }) => node.counters.unhandled,
  ),
  labelled(
    'commloop_rejected_connections_total',
    COUNT,
    ['code', 'reason'],
    'Connections from outside that the node rejected.',
    ({ node }) =>
      node.rejections.map(({ code, reason, count }) => ({
        labels: { code, reason },
        value: count,
      })),
  ),
  labelled(
    'commloop_audit_findings',
    LEVEL,
    ['kind'],
    'What the audit finds now: absent, exhausted, never filled, stranger.',
    ({ node }) => findingCounts(node),
  ),
  labelled('commloop_links', LEVEL, ['state'], 'Links in each state.', ({ links }) =>
    stateCounts(links),
  ),
]

const FINDING_KINDS = ['absent', 'exhausted', 'never filled', 'stranger'] as const

function findingCounts(node: Node): Sample[] {
  const findings = node.findings()
  const counts = FINDING_KINDS.map((kind) => [
    kind,
    findings.filter((finding) => finding.kind === kind).length,
  ])
  return byWord('kind', Object.fromEntries(counts) as Record<string, number>)
}

const STATES = ['idle', 'dialing', 'awaiting', 'up', 'backoff', 'exhausted', 'draining', 'closed']

function stateCounts(links: readonly MeasuredLink[]): Sample[] {
  const counts: Record<string, number> = Object.fromEntries(STATES.map((state) => [state, 0]))
  for (const { link } of links) counts[link.state] = (counts[link.state] ?? 0) + 1
  return byWord('state', counts)
}

const LINK: readonly MetricFamily[] = [
  labelled(
    'commloop_link_info',
    LEVEL,
    ['link', 'entry', 'role', 'remote'],
    'Always 1; `remote` is the address of the peer while the link is up, without its port.',
    function* ({ links }) {
      for (const { link } of links) {
        const { id, entry, role, remote } = link
        yield { labels: { link: id, entry, role, remote: remote?.ip ?? '' }, value: 1 }
      }
    },
  ),
  perLink('commloop_link_up', LEVEL, '1 while the link is up, else 0.', ({ link }) =>
    link.state === 'up' ? 1 : 0,
  ),
  labelled(
    'commloop_link_state',
    LEVEL,
    ['link', 'state'],
    '1 for the state that the link is in; the other states have no sample.',
    function* ({ links }) {
      for (const { link } of links) yield { labels: { link: link.id, state: link.state }, value: 1 }
    },
  ),
  perLink(
    'commloop_link_state_seconds',
    SECONDS,
    'Since the state is what it is.',
    ({ link }) => link.sinceMs / 1000,
  ),
  perLink(
    'commloop_link_enabled',
    LEVEL,
    '0 while the link is kept down by an operator or the configuration.',
    ({ link }) => (link.enabled ? 1 : 0),
  ),
  perLink(
    'commloop_link_epochs_total',
    COUNT,
    'Connections that the link has had.',
    ({ link }) => link.epoch,
  ),
  perLink(
    'commloop_link_dials_total',
    COUNT,
    'Dials begun; active links only.',
    ({ link, counters }) => (link.role === 'active' ? counters.dials : undefined),
  ),
  perLink(
    'commloop_link_attempts',
    LEVEL,
    'Dials since the last sign of life; active links only.',
    ({ link }) => (link.role === 'active' ? link.attempt : undefined),
  ),
  perLink(
    'commloop_link_next_dial_seconds',
    SECONDS,
    'Until the next dial, where one is planned.',
    ({ link: { nextDialInMs } }) => (nextDialInMs === undefined ? undefined : nextDialInMs / 1000),
  ),
  perLink(
    'commloop_link_copies_total',
    COUNT_OF_COPIES,
    'Given to the link.',
    ({ counters }) => counters.enqueued,
  ),
  labelled(
    'commloop_link_outcomes_total',
    COUNT_OF_COPIES,
    ['link', 'outcome'],
    'How copies ended: written, expired, dropped, undeliverable.',
    function* ({ links }) {
      for (const { link, counters } of links) {
        const { written, expired, dropped, undeliverable } = counters
        for (const [outcome, value] of Object.entries({
          written,
          expired,
          dropped,
          undeliverable,
        })) {
          yield { labels: { link: link.id, outcome }, value }
        }
      }
    },
  ),
  perLink(
    'commloop_link_resent_copies_total',
    COUNT_OF_COPIES,
    'Sent again after a write that nobody confirmed.',
    ({ counters }) => counters.resent,
  ),
  perLink(
    'commloop_link_written_payload_bytes_total',
    COUNT_OF_BYTES,
    'Payloads of written copies, without headers.',
    ({ counters }) => counters.writtenBytes,
  ),
  perLink(
    'commloop_link_received_messages_total',
    COUNT_OF_MESSAGES,
    'Received whole, heartbeats left out.',
    ({ counters }) => counters.received,
  ),
  perLink(
    'commloop_link_received_bytes_total',
    COUNT_OF_BYTES,
    'Received, headers and heartbeats included.',
    ({ counters }) => counters.receivedBytes,
  ),
  perLink(
    'commloop_link_discarded_messages_total',
    COUNT_OF_MESSAGES,
    'Received whole and not delivered, because the connection was lost first.',
    ({ counters }) => counters.discarded,
  ),
  perLink(
    'commloop_link_heartbeats_sent_total',
    COUNT,
    'Heartbeats sent.',
    ({ counters }) => counters.heartbeatsSent,
  ),
  perLink(
    'commloop_link_heartbeats_received_total',
    COUNT,
    'Heartbeats received, and answers to them.',
    ({ counters }) => counters.heartbeatsReceived,
  ),
  perLink(
    'commloop_link_fenced_events_total',
    COUNT,
    'Events of a connection that was no longer the link’s.',
    ({ counters }) => counters.fenced,
  ),
  perLink(
    'commloop_link_outbox_copies',
    COPIES,
    'Wait in the outbox, those being written included.',
    ({ link }) => link.queuedMessages,
  ),
  perLink(
    'commloop_link_outbox_copies_limit',
    COPIES,
    'How many the outbox takes.',
    ({ entry }) => entry?.settings.outbox.messagesMax,
  ),
  perLink(
    'commloop_link_outbox_bytes',
    BYTES,
    'Payloads in the outbox, and 64 bytes for each copy.',
    ({ link }) => link.queuedBytes,
  ),
  perLink(
    'commloop_link_outbox_bytes_limit',
    BYTES,
    'How many bytes the outbox takes.',
    ({ entry }) => entry?.settings.outbox.bytesMax,
  ),
  perLink(
    'commloop_link_outbox_high_water_mark_bytes',
    BYTES,
    'Above it `send` asks to wait.',
    ({ entry }) => entry?.settings.highWaterMarkBytes,
  ),
]

const PROCESS: readonly MetricFamily[] = [
  labelled(
    'commloop_event_loop_delay_seconds',
    SECONDS,
    ['quantile'],
    'How late timers were in the last 15 s: half of them, 99 of 100, and the latest (1).',
    ({ delay }) => byWord('quantile', delay.quantiles()),
  ),
  single(
    'process_start_time_seconds',
    SECONDS,
    'When the process began, in Unix time.',
    ({ startedAt }) => startedAt.getTime() / 1000,
  ),
  single(
    'process_cpu_seconds_total',
    { type: 'counter', unit: 'seconds' },
    'Time of the processor that was used, in all threads.',
    () => processFacts().cpuSeconds,
  ),
  single(
    'process_resident_memory_bytes',
    BYTES,
    'Memory that the process occupies.',
    () => processFacts().residentBytes,
  ),
  single(
    'process_open_fds',
    LEVEL,
    'Open descriptors; Linux only.',
    () => processFacts().descriptors,
  ),
  single(
    'process_max_fds',
    LEVEL,
    'How many descriptors the system grants; Linux only.',
    () => processFacts().descriptorsMax,
  ),
]

export const METRIC_FAMILIES: readonly MetricFamily[] = [...NODE, ...LINK, ...PROCESS]
