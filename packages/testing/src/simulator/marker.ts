/**
 * Situations that a campaign must produce. If one of them never occurs, the campaign tests less than before, which the
 * invariants cannot show.
 */
export const MARKERS = [
  // Faults of the network.
  'split',
  'coalesced',
  'slow confirmation',
  'cut by reset',
  'cut by fin',
  'cut by silence',
  'reset',
  'fin by the network',
  'half-open',
  'found half-open',
  'keep-alive',
  'full buffer',
  'late callback',
  'dial refused',
  'dial unanswered',
  'accepted, then closed',
  'reset before accept',
  'connected to itself',
  'listening failed',
  'listening refused',
  'black hole',
  'not read',
  // Faults of processes.
  'process killed',
  'machine without power',
  'process paused',
  'node stopped under load',
  'stop was cut at its deadline',
  // Calls of operators and listeners.
  'paused',
  'closed by operator',
  'disabled',
  'enabled while draining',
  'dialled by operator',
  'listener threw',
  'operation within an event',
  // States and losses of links.
  'dialled in vain',
  'probation',
  'ready: frame',
  'ready: stable',
  'ready: opening',
  'opening stayed',
  'not opened',
  'opening timeout',
  'opening ended',
  'opening threw',
  'message before the end of the opening',
  'exhausted',
  'rearmed by time',
  'rearmed by operator',
  'rearmed by the peer',
  'peer closed',
  'fin within a frame',
  'reset by peer',
  'silence',
  'write stall',
  'not acknowledged',
  'partial frame',
  'protocol error',
  'replaced',
  'challenged in vain',
  'hold-down',
  'full',
  'stranger',
  'address unknown',
  'only in active entries',
  'gave way',
  'half-closed, served',
  'half-closed, closed',
  'fenced',
  'discarded',
  'delivered after the end',
  'waited for a permit',
  'gave way',
  // Outcomes of messages.
  'resent',
  'delivered twice',
  'expired in an outbox',
  'expired before a route',
  'dropped for a newer one',
  'dropped of several',
  'peer gone',
  'unconfirmed at loss',
  'epoch',
  'bound copy delivered',
  'codec threw',
  'router threw',
  'router late',
  'router answered too late',
  'router named no link',
  'deferred',
  'deferred too long',
  'routing full',
  'outbox full',
  'link down',
  'above the mark',
  'drain',
  'drain of the routing stage',
  'relayed',
  'relay held back',
  'relay let go',
  'by reference',
  'several targets',
  'every link of an entry',
  'heartbeat answered',
  // Requests.
  'request answered',
  'request waited in line',
  'request timed out',
  'request lost its connection',
  'request aborted',
  'request refused',
  'late answer',
  'absence found',
] as const

/** One of `MARKERS`. */
export type Marker = (typeof MARKERS)[number]

/** How often each marker was seen. */
export class MarkerCounts {
  readonly #counts = new Map<Marker, number>()

  seen(marker: Marker, times = 1): void {
    if (times > 0) this.#counts.set(marker, this.of(marker) + times)
  }

  of(marker: Marker): number {
    return this.#counts.get(marker) ?? 0
  }

  add(other: MarkerCounts): void {
    for (const [marker, times] of other.#counts) this.seen(marker, times)
  }

  /** The markers that were seen fewer times. */
  below(times: number): Marker[] {
    return MARKERS.filter((marker) => this.of(marker) < times)
  }
}
