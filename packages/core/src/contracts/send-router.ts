import type { InjectionToken } from '../di.js'
import type { Address } from './transport.js'

/** A link by its id, or an entry by its position in the table (from 0, as in a configuration file). */
export type LinkRef = string | number

/** With an epoch: only over that connection, never over a later one. Replies are sent this way. */
export type RouteTarget = LinkRef | { readonly link: LinkRef; readonly epoch: number }

/**
 * A router's answer: one target, several (each link gets one copy), `drop` with a reason, or `defer`: ask again
 * after this many milliseconds (or a duration such as `'200ms'`).
 */
export type Route =
  | RouteTarget
  | readonly RouteTarget[]
  | { readonly drop: string }
  | { readonly defer: number | string }

/** Decides which links a message goes to. */
export interface SendRouter {
  /**
   * Asked only for messages that were sent without `to`, and for received ones when `relay` is on. `links` is the
   * same array until the table changes; its views are live.
   *
   * Throwing, answering nothing usable, or answering too late costs this one message: it is `undeliverable`.
   */
  route(message: RoutedMessage, links: readonly LinkView[]): Route | PromiseLike<Route>
}

/** What a router is told about a message. */
export interface RoutedMessage {
  readonly payload: Uint8Array
  readonly id: string | undefined
  /** Where it was received, when it is being relayed; undefined: it was sent here. */
  readonly from: { readonly link: string; readonly epoch: number } | undefined
  /** How often this message was deferred before. */
  readonly deferrals: number
}

/** `docs/link-states.md` draws how one leads to the next. */
export type LinkState =
  'idle' | 'dialing' | 'awaiting' | 'up' | 'backoff' | 'exhausted' | 'draining' | 'closed'

/** A link as routers see it. Live: each property answers what is so now. */
export interface LinkView {
  readonly id: string
  /** The id of the entry that the link belongs to. */
  readonly entry: string
  readonly role: 'active' | 'passive'
  readonly state: LinkState
  /** Number of the present connection, or of the last one; 0: never up. */
  readonly epoch: number
  /** The peer's address while `up`. */
  readonly remote: Address | undefined
  readonly queuedMessages: number
  readonly queuedBytes: number
  readonly aboveHighWaterMark: boolean
}

export const SendRouter: InjectionToken<SendRouter> = Symbol.for('commloop.SendRouter')
