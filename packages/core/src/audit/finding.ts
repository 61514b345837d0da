/** One thing that should be so and is not. */
export type Finding =
  /** A passive link that nobody has filled since the node started, or since `sinceMs` milliseconds. */
  | {
      readonly kind: 'never filled' | 'absent'
      readonly link: string
      readonly sinceMs: number
    }
  /** An active link whose reconnect strategy gave up. */
  | {
      readonly kind: 'exhausted'
      readonly link: string
      readonly attempts: number
      readonly reason: string | undefined
    }
  /** An address that is not in the table and keeps trying. */
  | {
      readonly kind: 'stranger'
      readonly remote: string
      readonly reason: string
      readonly count: number
    }
