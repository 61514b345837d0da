import type { LinkCounters, LinkHandle, LinkState } from '@commloop/core'
import type { MemoryConnection } from '../network/index.js'
import type { SentMessage } from './message-book.js'

/** The receiving link of a connection: the place of the last copy that arrived over it. */
export interface ArrivalOrder {
  /** In the order in which the sending link was given its copies; 0 if none has arrived. */
  orderSeen: number
  violated(what: string): void
}

/** A link as the link at the other end of its connection sees it. */
export interface ArrivalSink {
  readonly where: string
  readonly handle: LinkHandle
  readonly state: LinkState
  readonly connection: MemoryConnection | undefined
  /** The counters at the moment when the link last went up. */
  readonly atUp: LinkCounters | undefined
  /** A relay has a reason not to read from this link. */
  heldRightly(): boolean
  /** `receiver` has delivered a message that this link wrote over its connection of `epoch`. */
  arrived(message: SentMessage, epoch: number, receiver: ArrivalOrder): void
}

/** One end of a connection, with the link that it fills or filled. */
export interface FilledEnd {
  readonly watch: ArrivalSink
  readonly epoch: number
}
