import { type FoundQueue, SystemClock } from '@commloop/core'
import { NodeStorage, SegmentJournal } from '@commloop/journal-segments'
import type { Store } from './store.js'

const RECORDS_IN_FLIGHT_MAX = 4_096
const FACTS = { id: undefined, expiresAtUtcMs: undefined }

export interface OpenedJournal {
  readonly journal: SegmentJournal
  readonly found: readonly FoundQueue[]
}

export function openJournal(
  folder: string,
  stored: (ticket: number) => void,
): Promise<OpenedJournal> {
  const journal = new SegmentJournal({
    storage: new NodeStorage(folder),
    clock: new SystemClock(),
    random: { next: Math.random },
    utcMs: Date.now,
    logger: { info: () => undefined },
    writer: 'bench',
  })
  return new Promise((resolve, reject) => {
    journal.open({
      opened: (found) => {
        resolve({ journal, found })
      },
      stored,
      full: () => undefined,
      failed: reject,
    })
  })
}

/** The journal of commloop. */
export async function openSegments(
  folder: string,
  stored: (ticket: number) => void,
): Promise<Store> {
  // Leaving has tickets too; the bench counts records.
  const tickets = new Float64Array(RECORDS_IN_FLIGHT_MAX)
  let count = 0
  let told = 0
  const { journal } = await openJournal(folder, (ticket) => {
    while (told < count && (tickets[(told + 1) % RECORDS_IN_FLIGHT_MAX] ?? 0) <= ticket) told++
    stored(told)
  })
  const queue = journal.queue('bench')
  let left = 0
  return {
    enter: (payload) => {
      queue.enter(FACTS, payload)
      tickets[++count % RECORDS_IN_FLIGHT_MAX] = journal.ticket
      return count
    },
    leave: (ticket) => {
      queue.leave(left + 1, ticket - left)
      left = ticket
    },
    close: () =>
      new Promise((resolve) => {
        journal.close(resolve)
      }),
  }
}
