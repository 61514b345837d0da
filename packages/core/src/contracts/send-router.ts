import type { InjectionToken } from '../di.js'
import type { Address } from './transport.js'

/** A link by its id, or an entry by its position in the table (from 0, as in a configuration file). */
export type LinkRef = string | number

/** With an epoch: only over that connection, never over a later one. Use it for replies. */
export type RouteTarget = LinkRef | { readonly link: LinkRef; readonly epoch: number }

/**
 * A router's answer: one target; several targets, of which each link gets one copy; `drop` with a reason; or `defer`,
 * which makes the node ask again after this many milliseconds (or a duration such as `'200ms'`).
 */
export type Route =
  | RouteTarget
  | readonly RouteTarget[]
  | { readonly drop: string }
  | { readonly defer: number | string }

/** Decides which links a message goes to. */
export interface SendRouter {
  /**
   * Called for messages that were sent without `to` and, if `relay` is on, for received messages. `links` is the same
   * array until the table changes; its views are live.
   *
   * If the router throws, returns a value that is not a route, or answers too late, this one message is
   * `undeliverable`.
   */
  route(message: RoutedMessage, links: readonly LinkView[]): Route | PromiseLike<Route>
}

/** A message as a router sees it. */
export interface RoutedMessage {
  readonly payload: Uint8Array
  readonly id: string | undefined
  /** The connection that a relayed message came from; undefined: this node sends the message itself. */
  readonly from: { readonly link: string; readonly epoch: number } | undefined
  /** How often the router has deferred this message. */
  readonly deferrals: number
}

/** The state of a link. `docs/link-states.md` shows the transitions. */
export type LinkState =
  'idle' | 'dialing' | 'awaiting' | 'up' | 'backoff' | 'exhausted' | 'draining' | 'closed'

/** A link as routers see it. Each property has the present value. */
export interface LinkView {
  readonly id: string
  /** The id of the entry that the link belongs to. */
  readonly entry: string
  readonly role: 'active' | 'passive'
  readonly state: LinkState
  /** Number of the present connection, or of the last one; 0: the link was never up. */
  readonly epoch: number
  /** The peer's address while `up`. */
  readonly remote: Address | undefined
  /** Copies in the outbox, including those that are being written. */
  readonly queuedMessages: number
  /** Payload bytes plus 64 for each of these copies. */
  readonly queuedBytes: number
  /** The outbox was above its high-water mark, and has not fallen to half of it since. */
  readonly aboveHighWaterMark: boolean
}

/** The key of the implementation in the container of a node. */
export const SendRouter: InjectionToken<SendRouter> = Symbol.for('commloop.SendRouter')
