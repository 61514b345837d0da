import type { Figure, Target } from '../results/result.js'
import { figure } from '../results/summary.js'
import { atMost, medianOf, ratioOf } from '../results/targets.js'
import { type Entrant, Rounds } from '../rounds.js'
import { TwoWayPair } from '../traffic/two-way-pair.js'
import { TWO_WAYS, type Trips } from '../traffic/two-way-roles.js'
import type { Workload, WorkloadContext } from '../workload.js'

const BYTES = 64
const IN_FLIGHT = 64
const [RAW = '', OWN = '', ZEROMQ = ''] = TWO_WAYS.map(({ name }) => name)
const WARM_UPS = 3

export const roundTrip: Workload = {
  name: 'round-trip',
  async run(context) {
    const rounds = new Rounds(context.plan, context.progress)
    const pairs = new Map<string, TwoWayPair>()
    const notes: string[] = []
    try {
      for (const { name } of TWO_WAYS) {
        context.progress(`starting ${name}`)
        try {
          pairs.set(name, await TwoWayPair.start(name))
        } catch (error) {
          notes.push(`${name} did not take part: ${String(error).split('\n')[0] ?? ''}`)
        }
      }
      const figures = [
        ...(await measure('one in flight', 1, pairs, rounds, context)),
        ...(await measure(`${String(IN_FLIGHT)} in flight`, IN_FLIGHT, pairs, rounds, context)),
      ]
      return {
        name: 'round-trip',
        title: 'Round trip, 64 B',
        about:
          'One process sends a message and the other returns it; every reply is compared with what was sent.\n\n' +
          TWO_WAYS.map(({ name, about }) => `- **${name}**: ${about}`).join('\n'),
        baseline: RAW,
        figures,
        targets: targetsOf(figures),
        notes,
        load: rounds.load,
      }
    } finally {
      for (const pair of pairs.values()) await pair.stop()
    }
  },
}

async function measure(
  workload: string,
  inFlight: number,
  pairs: ReadonlyMap<string, TwoWayPair>,
  rounds: Rounds,
  { plan }: WorkloadContext,
): Promise<Figure[]> {
  const trips = new Map<string, Trips[]>()
  const entrants: Entrant[] = []
  for (const [name, pair] of pairs) {
    trips.set(name, [])
    for (let at = 0; at < WARM_UPS; at++) await pair.trips(BYTES, plan.trips, inFlight)
    entrants.push({
      name,
      round: async () => {
        const each = await pair.trips(BYTES, plan.trips, inFlight)
        // If a round is measured again, the last measurement counts.
        trips.get(name)?.push(each)
        return each.p50Us
      },
    })
  }
  await rounds.measure(workload, entrants)
  return [...trips].flatMap(([name, own]) => {
    const base = trips.get(RAW)
    const of = (unit: string, value: (each: Trips) => number): Figure =>
      figure(workload, name, unit, own.map(value), base?.map(value))
    return [
      of('µs, p50', ({ p50Us }) => p50Us),
      of('µs, p99', ({ p99Us }) => p99Us),
      of('trips/s', ({ perSecond }) => perSecond),
    ]
  })
}

function targetsOf(figures: readonly Figure[]): Target[] {
  const one = figures.filter(({ workload }) => workload === 'one in flight')
  const p50 = one.filter(({ unit }) => unit === 'µs, p50')
  const p99 = one.filter(({ unit }) => unit === 'µs, p99')
  const toZeromq = medianOf(p50, 'one in flight', OWN) / medianOf(p50, 'one in flight', ZEROMQ)
  return [
    atMost('round trip, 64 B, p50', 1.15, ratioOf(p50, 'one in flight', OWN), '× raw socket'),
    atMost('round trip, 64 B, p99', 1.3, ratioOf(p99, 'one in flight', OWN), '× raw socket'),
    atMost('round trip, 64 B, p50', 0.6, toZeromq, '× zeromq.js'),
  ]
}
