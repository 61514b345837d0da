import { ManualClock } from '../virtual/manual-clock.js'
import { type MemoryConnection, MemoryNetwork } from '../network/index.js'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { LinkWatch } from './link-watch.js'
import { MarkerCounts } from './marker.js'
import { MessageBook } from './message-book.js'
import { Trace } from './trace.js'
import type { Violation } from './violation.js'

/** Shorter than systems have it: what takes long is seldom seen. */
const KEEP_ALIVE_MS = 5_000

/** One end of a connection as the link that it fills knows it. */
export interface FilledEnd {
  readonly watch: LinkWatch
  readonly epoch: number
}

/** What everything within one simulation shares: time, chance, the network, and the eyes on all of it. */
export class World {
  readonly clock = new ManualClock()
  readonly random: SeededRandom
  readonly network: MemoryNetwork
  readonly trace: Trace
  readonly markers = new MarkerCounts()
  readonly book = new MessageBook()
  /** Which link each end of a connection fills, or filled. */
  readonly ends = new Map<MemoryConnection, FilledEnd>()
  /** The first one; what follows may be its consequence. */
  violation: Violation | undefined
  /** The faults are over: from now on everything must come right. */
  calm = false
  /** A router has answered with a promise of the language, which settles only when the machine gets to it. */
  promised = false

  constructor(random: SeededRandom, read?: (line: string) => void) {
    this.random = random
    this.trace = new Trace(() => this.clock.now(), read)
    this.network = new MemoryNetwork(this.clock, random.fork('network'), {
      keepAliveMs: KEEP_ALIVE_MS,
      watcher: {
        occurred: (fault, { local, remote }) => {
          this.markers.seen(fault)
          this.trace.note(`${local.ip}>${remote.ip}`, fault)
        },
      },
    })
  }

  violated(where: string, what: string): void {
    this.trace.note(where, `VIOLATION ${what}`)
    this.violation ??= { seed: this.random.seed, atMs: this.clock.now(), where, what }
  }
}
