import type { EntryConfig, LinkCounters, LinkHandle, Node } from '@commloop/core'
import type { EventLoopDelay } from './event-loop-delay.js'
import type { OutputStatus } from './output-status.js'
import { processFacts } from './process-facts.js'

/** A link at one moment. */
export interface MeasuredLink {
  readonly link: LinkHandle
  readonly entry: EntryConfig | undefined
  readonly counters: LinkCounters
}

/** A node and its process at one moment. */
export interface Measured {
  readonly node: Node
  readonly version: string
  readonly startedAt: Date
  readonly delay: EventLoopDelay
  readonly output?: OutputStatus | undefined
  readonly links: readonly MeasuredLink[]
}

/** One line of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The unit of a metric's values. */
export type MetricUnit = 'seconds' | 'bytes' | 'messages' | 'copies' | 'number'

/** One metric. `docs/metrics.md` has a row for each, and a test compares them. */
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

// ── builders ────────────────────────────────────────────────────────────────────────────────────────────────

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

/** One sample for each link. `valueOf` returns undefined for a link without a sample. */
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
  labelled(
    'commloop_info',
    LEVEL,
    ['node', 'version'],
    'Always 1; the labels name the node and the version of commloop.',
    ({ node, version }) => [{ labels: { node: node.config.name, version }, value: 1 }],
  ),
  single(
    'commloop_accepted_messages_total',
    COUNT_OF_MESSAGES,
    'Messages that `send` accepted or that the node relayed.',
    ({ node }) => node.counters.accepted,
  ),
  single(
    'commloop_refused_messages_total',
    COUNT_OF_MESSAGES,
    'Messages that `send` refused; they are not counted as accepted.',
    ({ node }) => node.counters.refused,
  ),
  single(
    'commloop_routed_messages_total',
    COUNT_OF_MESSAGES,
    'Messages routed to at least one link.',
    ({ node }) => node.counters.routed,
  ),
  labelled(
    'commloop_unrouted_messages_total',
    COUNT_OF_MESSAGES,
    ['outcome'],
    'Messages that ended before they reached a link: dropped, expired, undeliverable.',
    ({ node: { counters } }) => {
      const { dropped, expired, undeliverable } = counters
      return byWord('outcome', { dropped, expired, undeliverable })
    },
  ),
  single(
    'commloop_routing_messages',
    { type: 'gauge', unit: 'messages' },
    'Messages that are waiting for the router.',
    ({ node }) => node.counters.routing,
  ),
  single(
    'commloop_routing_messages_limit',
    { type: 'gauge', unit: 'messages' },
    'The most messages that may wait for the router.',
    ({ node }) => node.config.routingMessagesMax,
  ),
  single(
    'commloop_late_answers_total',
    COUNT,
    'Answers of the router that came too late.',
    ({ node }) => node.counters.lateAnswers,
  ),
  single(
    'commloop_requests_waiting',
    { type: 'gauge', unit: 'number' },
    'Requests that wait for their answers.',
    ({ node }) => node.counters.requests.waiting,
  ),
  labelled(
    'commloop_requests_total',
    COUNT,
    ['end'],
    'Requests that have ended, by how they ended.',
    ({ node }) => {
      const { answered, timedOut, linkDown, aborted, refused } = node.counters.requests
      return byWord('end', { answered, timedOut, linkDown, aborted, refused })
    },
  ),
  single(
    'commloop_request_late_answers_total',
    COUNT,
    'Answers that came after their request had ended.',
    ({ node }) => node.counters.requests.lateAnswers,
  ),
  single(
    'commloop_copies_total',
    COUNT_OF_COPIES,
    'Copies given to links: one for each message and link.',
    ({ node }) => node.counters.copies,
  ),
  single(
    'commloop_unhandled_messages_total',
    COUNT_OF_MESSAGES,
    'Messages received without a listener, a stream or a relay for them.',
    ({ node }) => node.counters.unhandled,
  ),
  single(
    'commloop_unheard_messages_total',
    COUNT_OF_MESSAGES,
    'The former name of commloop_unhandled_messages_total.',
    ({ node }) => node.counters.unhandled,
  ),
  single(
    'commloop_output_failing',
    LEVEL,
    '1 if stdout of `run --stdio` cannot be written or is closed, else 0.',
    ({ output }) => (output?.state === 'failing' || output?.state === 'closed' ? 1 : 0),
  ),
  single(
    'commloop_output_failed_writes_total',
    COUNT,
    'Writes to stdout of `run --stdio` that failed.',
    ({ output }) => output?.failedWrites ?? 0,
  ),
  single(
    'commloop_output_discarded_messages_total',
    COUNT_OF_MESSAGES,
    'Received messages that stdout of `run --stdio` never gets, because its reader is gone.',
    ({ output }) => output?.discardedMessages ?? 0,
  ),
  labelled(
    'commloop_listener_open',
    LEVEL,
    ['listener'],
    '1 if the listener is open, 0 if the node tries to open it again.',
    ({ node }) =>
      node.listeners.map(({ name, open }) => ({
        labels: { listener: name },
        value: open ? 1 : 0,
      })),
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
    'Current findings of the audit: absent, exhausted, never filled, stranger.',
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
    'Always 1; `remote` is the IP address of the peer while the link is up.',
    function* ({ links }) {
      for (const { link } of links) {
        const { id, entry, role, remote } = link
        yield { labels: { link: id, entry, role, remote: remote?.ip ?? '' }, value: 1 }
      }
    },
  ),
  perLink('commloop_link_up', LEVEL, '1 if the link is up, else 0.', ({ link }) =>
    link.state === 'up' ? 1 : 0,
  ),
  labelled(
    'commloop_link_state',
    LEVEL,
    ['link', 'state'],
    '1 for the current state of the link; the other states have no sample.',
    function* ({ links }) {
      for (const { link } of links) yield { labels: { link: link.id, state: link.state }, value: 1 }
    },
  ),
  perLink(
    'commloop_link_state_seconds',
    SECONDS,
    'Seconds since the link entered its current state.',
    ({ link }) => link.sinceMs / 1000,
  ),
  perLink(
    'commloop_link_enabled',
    LEVEL,
    '0 if an operator or the configuration keeps the link down, else 1.',
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
    'Dials that the link has begun; only active links.',
    ({ link, counters }) => (link.role === 'active' ? counters.dials : undefined),
  ),
  perLink(
    'commloop_link_attempts',
    LEVEL,
    'Dials since the last proof of life; only active links.',
    ({ link }) => (link.role === 'active' ? link.attempt : undefined),
  ),
  perLink(
    'commloop_link_next_dial_seconds',
    SECONDS,
    'Seconds until the next dial, if one is planned.',
    ({ link: { nextDialInMs } }) => (nextDialInMs === undefined ? undefined : nextDialInMs / 1000),
  ),
  perLink(
    'commloop_link_copies_total',
    COUNT_OF_COPIES,
    'Copies given to the link.',
    ({ counters }) => counters.enqueued,
  ),
  labelled(
    'commloop_link_outcomes_total',
    COUNT_OF_COPIES,
    ['link', 'outcome'],
    'Copies by outcome: written, expired, dropped, undeliverable.',
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
    'Copies sent again because the write that contained them was not confirmed.',
    ({ counters }) => counters.resent,
  ),
  perLink(
    'commloop_link_written_payload_bytes_total',
    COUNT_OF_BYTES,
    'Payload bytes of written copies, without frame headers.',
    ({ counters }) => counters.writtenBytes,
  ),
  perLink(
    'commloop_link_received_messages_total',
    COUNT_OF_MESSAGES,
    'Messages received completely, without heartbeats.',
    ({ counters }) => counters.received,
  ),
  perLink(
    'commloop_link_received_bytes_total',
    COUNT_OF_BYTES,
    'Bytes received, with frame headers and heartbeats.',
    ({ counters }) => counters.receivedBytes,
  ),
  perLink(
    'commloop_link_discarded_messages_total',
    COUNT_OF_MESSAGES,
    'Messages received completely but not delivered, because the connection was lost first.',
    ({ counters }) => counters.discarded,
  ),
  perLink(
    'commloop_link_skipped_bytes_total',
    COUNT_OF_BYTES,
    'Bytes received in which the codec found no frame, with `resync: hunt`.',
    ({ counters }) => counters.skippedBytes,
  ),
  perLink(
    'commloop_link_dropped_frames_total',
    COUNT,
    'Frames received completely but damaged, with `resync: hunt`.',
    ({ counters }) => counters.droppedFrames,
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
    'Heartbeats received, and answers to heartbeats.',
    ({ counters }) => counters.heartbeatsReceived,
  ),
  perLink(
    'commloop_link_opening_sent_total',
    COUNT,
    'Payloads that an opening has sent.',
    ({ counters }) => counters.openingSent,
  ),
  perLink(
    'commloop_link_opening_received_total',
    COUNT,
    'Payloads that an opening has taken.',
    ({ counters }) => counters.openingReceived,
  ),
  perLink(
    'commloop_link_fenced_events_total',
    COUNT,
    'Ignored events of connections that the link no longer uses.',
    ({ counters }) => counters.fenced,
  ),
  perLink(
    'commloop_link_outbox_copies',
    COPIES,
    'Copies in the outbox, with those that are being written.',
    ({ link }) => link.queuedMessages,
  ),
  perLink(
    'commloop_link_outbox_copies_limit',
    COPIES,
    'The most copies that the outbox accepts.',
    ({ entry }) => entry?.settings.outbox.messagesMax,
  ),
  perLink(
    'commloop_link_outbox_bytes',
    BYTES,
    'Payload bytes in the outbox, plus 64 bytes for each copy.',
    ({ link }) => link.queuedBytes,
  ),
  perLink(
    'commloop_link_outbox_bytes_limit',
    BYTES,
    'The most bytes that the outbox accepts.',
    ({ entry }) => entry?.settings.outbox.bytesMax,
  ),
  perLink(
    'commloop_link_outbox_high_water_mark_bytes',
    BYTES,
    'Above this level, `send` returns false.',
    ({ entry }) => entry?.settings.highWaterMarkBytes,
  ),
]

const PROCESS: readonly MetricFamily[] = [
  labelled(
    'commloop_event_loop_delay_seconds',
    SECONDS,
    ['quantile'],
    'How late timers were in the last 15 s: the median, the 99th percentile and the maximum.',
    ({ delay }) => byWord('quantile', delay.quantiles()),
  ),
  single(
    'process_start_time_seconds',
    SECONDS,
    'When the process started, in Unix time.',
    ({ startedAt }) => startedAt.getTime() / 1000,
  ),
  single(
    'process_cpu_seconds_total',
    { type: 'counter', unit: 'seconds' },
    'Processor time that the process has used, in all threads.',
    () => processFacts().cpuSeconds,
  ),
  single(
    'process_resident_memory_bytes',
    BYTES,
    'Resident memory of the process.',
    () => processFacts().residentBytes,
  ),
  single(
    'process_open_fds',
    LEVEL,
    'Open file descriptors; only on Linux.',
    () => processFacts().descriptors,
  ),
  single(
    'process_max_fds',
    LEVEL,
    'The limit of open file descriptors; only on Linux.',
    () => processFacts().descriptorsMax,
  ),
]

/** Every metric, in the order of the text. */
export const METRIC_FAMILIES: readonly MetricFamily[] = [...NODE, ...LINK, ...PROCESS]
