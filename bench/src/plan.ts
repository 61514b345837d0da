/** How long everything is measured. */
export interface Plan {
  readonly name: 'full' | 'short' | 'smoke'
  readonly rounds: number
  /** Of one contender in one round. */
  readonly roundMs: number
  /** Disturbed rounds that may be measured again, for each case of a workload. */
  readonly repeatsMax: number
  /** Of each link in one round, where there are many: fewer would be over before the queues are full. */
  readonly messagesPerLinkMin: number
  /** Round trips in one round. */
  readonly trips: number
  /** Links of the workloads with many, from which the table and the restart take their sizes too. */
  readonly manyLinks: number
  readonly idleLinks: number
  /** How long idle links are watched. */
  readonly idleMs: number
  /** Starts of a process. */
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
  // Does it work at all: for tests.
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
