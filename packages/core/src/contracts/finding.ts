/** One thing that should be so and is not. Durations in milliseconds. */
export type Finding =
  /** A passive entry that nobody has filled since the node started, or not any more since `forMs`. */
  | { readonly kind: 'never filled' | 'absent'; readonly entry: string; readonly forMs: number }
  /** An active link whose reconnect strategy gave up. */
  | {
      readonly kind: 'exhausted'
      readonly link: string
      readonly forMs: number
      readonly reason: string | undefined
    }
  /**
   * An address that is refused and keeps trying; `count`: tries in all; `hint`: which entry it nearly matches, left
   * out where none is near.
   */
  | {
      readonly kind: 'stranger'
      readonly remote: string
      readonly reason: string
      readonly count: number
      readonly hint?: string
    }
