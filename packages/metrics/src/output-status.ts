/**
 * The output of a node that gives its received messages to another program, as `commloop run --stdio` does. Counters
 * start when the process starts.
 */
export interface OutputStatus {
  /**
   * `slow`: too much output waits, so the node reads no link. `failing`: writes fail and are repeated, and the node reads
   * no link. `closed`: the reader is gone, and received messages are discarded.
   */
  readonly state: 'open' | 'slow' | 'failing' | 'closed'
  /** Why the output is failing or closed. */
  readonly reason: string | null
  readonly failedWrites: number
  /** Received messages that were not written, and never will be. */
  readonly discardedMessages: number
}
