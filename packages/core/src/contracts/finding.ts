import type { ReasonCode } from './reason.js'

/** One difference between the table and what the node sees. Durations in milliseconds. */
export type Finding =
  /** A passive entry that has had no connection since the node started, or for `forMs`. */
  | { readonly kind: 'never filled' | 'absent'; readonly entry: string; readonly forMs: number }
  /** An active link whose reconnect strategy gave up. */
  | {
      readonly kind: 'exhausted'
      readonly link: string
      readonly forMs: number
      /** Why the last dial failed, or the last connection ended, for people. */
      readonly reason: string | undefined
      /** The same for programs. */
      readonly code?: ReasonCode
    }
  /**
   * An address that the node refuses and that keeps trying. `count`: all its tries. `hint`: the entry that it nearly
   * matches; absent if there is none.
   */
  | {
      readonly kind: 'stranger'
      readonly remote: string
      /** Why the node refused it the last time, for people. */
      readonly reason: string
      /** The same for programs. */
      readonly code: ReasonCode
      readonly count: number
      readonly hint?: string
    }
