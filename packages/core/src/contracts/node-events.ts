import type { Finding } from './finding.js'
import type { ReasonCode } from './reason.js'
import type { LinkState } from './send-router.js'
import type { Address } from './transport.js'
import type { WarningEvent } from './warning.js'

/** A payload that a link has received. */
export interface ReceivedMessage {
  /** A view that you may keep. It retains the whole chunk that it was cut from: copy it for long-term storage. */
  readonly payload: Uint8Array
  readonly link: string
  readonly epoch: number
}

/** A payload on its way through the node, as the `traffic` event shows it. */
export interface TrafficMessage {
  readonly direction: 'received' | 'sent'
  /** As in `message`. If `sent`, these are the sender's own bytes: do not change them. */
  readonly payload: Uint8Array
  readonly link: string
  readonly epoch: number
  /** The id that the sender gave to a `sent` message. */
  readonly id?: string
}

/** The former name of `TrafficMessage`. */
export type PassingMessage = TrafficMessage

/**
 * Every event of a node. An event reports what has happened: the node changes its state first, and never depends on the
 * event for its next step. If a listener throws, the node emits a `warning` and calls the other listeners.
 */
export interface NodeEvents {
  /** One for each payload received, except heartbeats. After the `link` `up` of its epoch, before its `link` loss. */
  message: ReceivedMessage
  /**
   * Every payload in both directions, except heartbeats. The node emits a `sent` one when the kernel has taken its
   * whole write, like the outcome `written`. A listener of this event only watches: the counter `unhandled` still
   * counts the message. Without a listener the event costs nothing.
   */
  traffic: TrafficMessage
  /** The former name of `traffic`: the same event. */
  passing: TrafficMessage
  /** Every change of a link's state. */
  link: LinkChange
  /**
   * How a copy or a message ended. `written` only for messages with an id. Never emitted within the caller's `send`.
   */
  outcome: OutcomeEvent
  /** A queue that was above its high-water mark has room: the application may continue to send. */
  drain: DrainEvent
  /**
   * The node has refused a connection. It emits the first refusal of an address and reason immediately, and then at
   * most one event per address and reason in 10 s.
   */
  rejected: RejectedEvent
  /** Result of the scheduled audit. Also emitted if there are no findings. */
  audit: { readonly findings: readonly Finding[] }
  /**
   * A problem that does not end a connection or stop the node. The node emits the first ten warnings of a code in 10 s
   * immediately, and the others as one event whose `count` says how many it stands for.
   */
  warning: WarningEvent
}

/** A queue that was above its high-water mark has room. */
export interface DrainEvent {
  /**
   * The link whose outbox has fallen to half its high-water mark after it was above the mark. `'*'`: the messages that
   * wait for a route have fallen to half of the `routing` limits after they were above it.
   */
  readonly link: string
}

/** A link has changed its state. */
export interface LinkChange {
  readonly link: string
  /** The new state. */
  readonly state: LinkState
  readonly epoch: number
  /** Why, as text for people. Programs read `code`. */
  readonly reason?: string
  /** Why, as data. Present if `reason` is. */
  readonly code?: ReasonCode
  /** What a peer, a plugin or the operating system said about it; a part of `reason`. */
  readonly detail?: string
  /** In `up`: the address of the peer. */
  readonly remote?: Address
  /** In `up`: the balancer through which the peer has connected; absent: there is none. */
  readonly proxy?: Address
  /** In `up`, if the node has several listeners: the name of the one through which the peer has connected. */
  readonly listener?: string
  /** In `backoff`: number of dials begun since the last proof of life. */
  readonly attempt?: number
  /** In `backoff`: milliseconds until the next dial. */
  readonly delayMs?: number
}

/**
 * How a copy or a message ended. `written`: the kernel has taken it. `expired`: its TTL ended first. `dropped`: the
 * node or the router has dropped it. `undeliverable`: there was no usable route, or the codec could not encode it.
 */
export type Outcome = 'written' | 'expired' | 'dropped' | 'undeliverable'

/** A copy has ended, or a message has ended before it reached a link. */
export interface OutcomeEvent {
  /** The id that the sender gave to the message; absent if it gave none. */
  readonly id?: string
  /** Absent if the message never reached a link. */
  readonly link?: string
  readonly outcome: Outcome
  /** Why, as text for people. Programs read `code`. Absent if `outcome` is `written`. */
  readonly reason?: string
  /** Why, as data. Present if `reason` is. */
  readonly code?: ReasonCode
  /** Names, numbers, or what a peer or a plugin said about it; a part of `reason`. */
  readonly detail?: string
  /** How many copies this event stands for: at most 10 events a second for those without an id. */
  readonly count: number
}

/** The node has refused connections of one address for one reason. */
export interface RejectedEvent {
  /** The peer's address, or `unknown`. */
  readonly remote: string
  /** Why, as text for people. Programs read `code`. */
  readonly reason: string
  /** Why, as data. */
  readonly code: ReasonCode
  /** What the peer or the transport said about it; a part of `reason`. */
  readonly detail?: string
  /** How many refusals this event stands for. */
  readonly count: number
}
