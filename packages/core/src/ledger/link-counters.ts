/**
 * What a link counts, over all its connections. Numbers of copies and payloads, unless the name says bytes.
 *
 * The ledger, true at every moment: enqueued = queued + written + expired + dropped + undeliverable.
 */
export interface LinkCounters {
  /** Copies for this link. */
  readonly enqueued: number
  /** Copies without an outcome yet, including those that are being written. */
  readonly queued: number
  readonly written: number
  readonly writtenBytes: number
  readonly expired: number
  readonly dropped: number
  /** Copies that the codec could not encode. */
  readonly undeliverable: number
  /** Copies sent again after an unconfirmed write: the peer may have them twice. */
  readonly resent: number
  readonly received: number
  /** Bytes from the network, including headers. */
  readonly receivedBytes: number
  /** Payloads received whole but not delivered, because the connection was lost first. */
  readonly discarded: number
  /** Received bytes in which the codec found no frame, with `resync: hunt`. */
  readonly skippedBytes: number
  /** Received frames that were complete and damaged, with `resync: hunt`. */
  readonly droppedFrames: number
  readonly heartbeatsSent: number
  readonly heartbeatsReceived: number
  /** Payloads that an opening has sent. */
  readonly openingSent: number
  /** Payloads that an opening has taken. */
  readonly openingReceived: number
  /** Callbacks of the transport that were ignored because they came after the end of their connection. */
  readonly fenced: number
  /** Dials begun. */
  readonly dials: number
}

/** The counters that the link itself increments. */
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
  skippedBytes = 0
  droppedFrames = 0
  heartbeatsSent = 0
  heartbeatsReceived = 0
  openingSent = 0
  openingReceived = 0
  fenced = 0
  dials = 0
}
