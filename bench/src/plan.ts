/** The sizes and durations of a benchmark run. */
export interface Plan {
  readonly name: 'full' | 'short' | 'smoke'
  readonly rounds: number
  /** Milliseconds for one contender in one round. */
  readonly roundMs: number
  /** How many disturbed rounds are measured again, for each case of a workload. */
  readonly repeatsMax: number
  /** Messages for each of many links in one round: with fewer, the queues would never be full. */
  readonly messagesPerLinkMin: number
  /** Round trips in one round. */
  readonly trips: number
  /** Links in workloads with many links, and the size of the table and of the restart. */
  readonly manyLinks: number
  readonly idleLinks: number
  /** How long idle links are measured, in milliseconds. */
  readonly idleMs: number
  /** How often a process is started. */
  readonly starts: number
}

export const PLANS: Readonly<Record<Plan['name'], Plan>> = {
  full: {
    name: 'full',
    rounds: 15,
    roundMs: 300,
    repeatsMax: 15,
    messagesPerLinkMin: 2_000,
    trips: 10_000,
    manyLinks: 1_000,
    idleLinks: 10_000,
    idleMs: 30_000,
    starts: 21,
  },
  short: {
    name: 'short',
    rounds: 3,
    roundMs: 120,
    repeatsMax: 0,
    messagesPerLinkMin: 1_000,
    trips: 5_000,
    manyLinks: 1_000,
    idleLinks: 2_000,
    idleMs: 10_000,
    starts: 5,
  },
  // For tests: only checks that everything works.
  smoke: {
    name: 'smoke',
    rounds: 1,
    roundMs: 10,
    repeatsMax: 0,
    messagesPerLinkMin: 2,
    trips: 50,
    manyLinks: 20,
    idleLinks: 50,
    idleMs: 200,
    starts: 1,
  },
}
