/**
 * What a link counts, over all its connections. Numbers of copies and payloads, unless the name says bytes.
 *
 * The ledger, true at every moment: enqueued = queued + written + expired + dropped + undeliverable.
 */
export interface LinkCounters {
  /** Copies that were given to this link. */
  readonly enqueued: number
  /** Copies whose outcome is still to come; being written included. */
  readonly queued: number
  readonly written: number
  readonly writtenBytes: number
  readonly expired: number
  readonly dropped: number
  /** Copies that the codec could not encode. */
  readonly undeliverable: number
  /** Copies sent again after a write that nobody confirmed: the peer may have them twice. */
  readonly resent: number
  readonly received: number
  /** Bytes as they came from the network, headers included. */
  readonly receivedBytes: number
  /** Payloads that were received whole and not delivered, because the connection was lost first. */
  readonly discarded: number
  readonly heartbeatsSent: number
  readonly heartbeatsReceived: number
  /** Events of a connection that was no longer the link's: ignored. */
  readonly fenced: number
  /** Dials begun. */
  readonly dials: number
}

/** The same, for the link itself to count in. */
export class LinkTally {
  enqueued = 0
  written = 0
  writtenBytes = 0
  expired = 0
  dropped = 0
  undeliverable = 0
  resent = 0
  received = 0
  receivedBytes = 0
  discarded = 0
  heartbeatsSent = 0
  heartbeatsReceived = 0
  fenced = 0
  dials = 0
}
