import type { Finding } from './finding.js'
import type { ReasonCode } from './reason.js'
import type { LinkState } from './send-router.js'
import type { Address } from './transport.js'
import type { WarningEvent } from './warning.js'

/** A payload that was received whole. */
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
 * Every event of a node. An event reports what has happened, and the state has already changed when it comes; it never
 * makes the next step happen. If a listener throws, the node emits a `warning` and calls the other listeners.
 */
export interface NodeEvents {
  /** One for each payload received, except heartbeats. After the `link` `up` of its epoch, before its `link` loss. */
  message: ReceivedMessage
  /**
   * Every payload in both directions, except heartbeats. A `sent` one comes when the kernel has taken its whole write, as
   * the outcome `written` does. A listener here only watches: it does not handle the message, which the counter
   * `unhandled` still counts. Without a listener it costs nothing.
   */
  traffic: TrafficMessage
  /** The former name of `traffic`: the same event. */
  passing: TrafficMessage
  /** Every change of a link's state. */
  link: LinkChange
  /** How a copy or a message ended. `written` only for messages with an id. Never inside the caller's own `send`. */
  outcome: OutcomeEvent
  /** A queue that was above its mark has room again: go on sending. */
  drain: DrainEvent
  /** A connection from outside was refused. The first comes immediately, then one per address and reason in 10 s. */
  rejected: RejectedEvent
  /** Result of the scheduled audit. Also emitted without findings: then everything is as it should be. */
  audit: { readonly findings: readonly Finding[] }
  /**
   * Something went wrong that costs no link and no node. The first ten of a code come immediately, then one in 10 s whose
   * `count` says how many it stands for.
   */
  warning: WarningEvent
}

export interface DrainEvent {
  /**
   * The link whose outbox fell to half its high-water mark after it had been above the mark. `'*'`: the messages that
   * wait for a route fell to half of what `routing` allows, or below, after they had been above it.
   */
  readonly link: string
}

export interface LinkChange {
  readonly link: string
  readonly state: LinkState
  readonly epoch: number
  /** Why, as text for people. Programs read `code`. */
  readonly reason?: string
  /** Why, as data. Present if `reason` is. */
  readonly code?: ReasonCode
  /** What a peer, a plugin or the operating system said about it; a part of `reason`. */
  readonly detail?: string
  readonly remote?: Address
  /** In `backoff`: number of dials begun since the last proof of life. */
  readonly attempt?: number
  /** In `backoff`: milliseconds until the next dial. */
  readonly delayMs?: number
}

export type Outcome = 'written' | 'expired' | 'dropped' | 'undeliverable'

export interface OutcomeEvent {
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
