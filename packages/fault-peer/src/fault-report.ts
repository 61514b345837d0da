import type { ConnectionReport } from './peer-connection.js'

/** What came of a script. */
export interface FaultReport {
  /** Everything that the script expects was so. */
  readonly held: boolean
  /** The first thing that was not; undefined: there was none. */
  readonly failure: string | undefined
  readonly durationMs: number
  /** How often the node dialled; 0 where it is dialled. */
  readonly dials: number
  /** In the order in which they were opened. */
  readonly connections: readonly ConnectionReport[]
}

/** Something that happened, for whoever watches. */
export interface FaultEvent {
  /** Milliseconds since the script began. */
  readonly atMs: number
  readonly by: 'peer' | 'node'
  readonly text: string
}
