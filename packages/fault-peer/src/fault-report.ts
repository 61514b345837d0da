import type { ConnectionReport } from './peer-connection.js'

/** The result of a script. */
export interface FaultReport {
  /** Whether all expectations of the script were met. */
  readonly held: boolean
  /** The first expectation that was not met; undefined if all were. */
  readonly failure: string | undefined
  readonly durationMs: number
  /** How often the node dialled during the script; 0 if the peer dials. */
  readonly dials: number
  /** The connections, in the order in which they were opened. */
  readonly connections: readonly ConnectionReport[]
}

/** A step of the peer, or a reaction of the node. */
export interface FaultEvent {
  /** Milliseconds since the script began. */
  readonly atMs: number
  readonly by: 'peer' | 'node'
  readonly text: string
}
