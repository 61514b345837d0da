import { ManualClock } from '../virtual/manual-clock.js'
import { type MemoryConnection, MemoryNetwork } from '../network/index.js'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { FilledEnd } from './filled-end.js'
import { MarkerCounts } from './marker.js'
import { MessageBook } from './message-book.js'
import { LeadingStamp, type PayloadOfSize, TrailingStamp } from './message-stamp.js'
import { Trace } from './trace.js'
import type { Violation } from './violation.js'

/** Shorter than on real systems, so that keep-alive occurs often enough. */
const KEEP_ALIVE_MS = 5_000

/** What all parts of one simulation share: time, randomness, the network, and the records. */
export class World {
  readonly clock = new ManualClock()
  readonly random: SeededRandom
  readonly network: MemoryNetwork
  readonly trace: Trace
  readonly markers = new MarkerCounts()
  readonly book: MessageBook
  /** The link that each end of a connection fills or filled. */
  readonly ends = new Map<MemoryConnection, FilledEnd>()
  /** The first violation. Later ones may be its consequence and are not kept. */
  violation: Violation | undefined
  /** The faults have ended: from now on everything must recover. */
  calm = false
  /** The requests of processes that have stopped gracefully. They are checked when all promises have been settled. */
  readonly endedRequests: { checkEnds(): void }[] = []
  /** A native promise is pending, which settles outside of virtual time. */
  promised = false

  constructor(
    random: SeededRandom,
    { read, payload }: { read?: (line: string) => void; payload?: PayloadOfSize } = {},
  ) {
    this.random = random
    this.book = new MessageBook(
      payload === undefined ? new LeadingStamp() : new TrailingStamp(payload),
    )
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
