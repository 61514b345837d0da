/** Why the text of a file is unusable. */
export interface EncodingProblem {
  /** Offset of the place in the text, in UTF-16 units. */
  readonly offset: number
  /** What was found, and what to do. */
  readonly message: string
}
