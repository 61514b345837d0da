import type { Address } from './transport.js'
import type { LinkState } from './send-router.js'
import type { Finding } from './finding.js'
import type { ReasonCode } from './reason.js'

/** A payload that was received whole. */
export interface ReceivedMessage {
  /** A view for keeps; it pins the chunk that it was cut from, so copy what you keep long. */
  readonly payload: Uint8Array
  readonly link: string
  readonly epoch: number
}

/** A payload as it passes, seen by whoever watches. */
export interface PassingMessage {
  readonly direction: 'received' | 'sent'
  /** As in `message`; of a sent one it is the sender's own bytes, which are not to be changed. */
  readonly payload: Uint8Array
  readonly link: string
  readonly epoch: number
  /** Of a sent one, where it had one. */
  readonly id?: string
}

/**
 * Everything that a node tells. Events broadcast what has happened, they never make the next step happen; the
 * state is already changed when one fires. A listener that throws becomes a `warning`; the others still hear.
 */
export interface NodeEvents {
  /** One per payload received, heartbeats left out. After its epoch's `link` `up`, before its `link` loss. */
  message: ReceivedMessage
  /**
   * Every payload as it passes, in both directions, for whoever watches: a listener here does not count as one that
   * hears the message. `sent` comes when its whole write was taken by the kernel, as with `written`. Heartbeats are
   * left out. Costs nothing while nobody listens.
   */
  passing: PassingMessage
  /** Every change of a link's state. */
  link: LinkChange
  /** How a copy or a message ended. `written` only for those with an id. Never inside the caller's own `send`. */
  outcome: OutcomeEvent
  /** The link's outbox fell to half its high-water mark after it had been above the mark. */
  drain: { readonly link: string }
  /** A connection from outside was refused: first at once, then one per address and reason in 10 s. */
  rejected: { readonly remote: string; readonly reason: string; readonly count: number }
  /** The scheduled look for what should be there and is not. Empty findings are told too: all is well. */
  audit: { readonly findings: readonly Finding[] }
  /**
   * Something went wrong that costs no link and no node. Of one code the first ten at once, then one in 10 s with
   * `count`: how many it stands for.
   */
  warning: {
    readonly code: string
    readonly message: string
    readonly cause?: unknown
    readonly count: number
  }
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
  /** Absent where the message never reached a link. */
  readonly link?: string
  readonly outcome: Outcome
  /** Why, as text for people. Programs read `code`. Absent if `outcome` is `written`. */
  readonly reason?: string
  /** Why, as data. Present if `reason` is. */
  readonly code?: ReasonCode
  /** What a peer, a plugin or the operating system said about it; a part of `reason`. */
  readonly detail?: string
  /** How many copies this event stands for: those without id are told at most 10 times a second. */
  readonly count: number
}
