import { Receiver } from './receiver.js'
import { sendWithNode } from './node-side.js'
import { sendRaw } from './raw-side.js'
import type { SendingSide } from './sending-side.js'
import { PayloadCycle } from './traffic.js'

export interface BenchPlan {
  /** How often each workload is measured, alternating between commloop and the raw socket. */
  readonly rounds: number
  /** Approximate duration of one round of one contender. */
  readonly roundMs: number
}

export interface OneWayResult {
  readonly kind: 'one-way'
  readonly payloadBytes: number
  readonly messagesPerSecond: Compared
}

export interface RoundTripResult {
  readonly kind: 'round-trip'
  readonly payloadBytes: number
  readonly p50Us: Compared
  readonly p99Us: Compared
}

export type BenchResult = OneWayResult | RoundTripResult

/** One figure of both contenders, as medians of all rounds. */
export interface Compared {
  readonly commloop: number
  readonly raw: number
  /** The median of `ratios`. It differs from the ratio of the medians. */
  readonly ratio: number
  /** commloop divided by raw socket, for each round. Their spread shows how reliable they are. */
  readonly ratios: readonly number[]
}

const ONE_WAY_BYTES = [64, 1024, 16 * 1024] as const
const ROUND_TRIP_BYTES = 64
/** Runs before the first round. Each is sized by the speed of the previous one. */
const WARM_UPS = 4
/** The size of the first warm-up run. */
const FIRST_MESSAGES = 2_000
const FIRST_TRIPS = 200
/** Enough for a 99th percentile. */
const TRIPS_MIN = 200

type Sides = Readonly<Record<'commloop' | 'raw', SendingSide>>

/**
 * Measures two nodes with one link, and the same traffic on a raw socket. Sender and receiver are separate processes.
 *
 * @param onStep called with the name of each step
 */
export async function measure(
  plan: BenchPlan,
  onStep: (step: string) => void,
): Promise<readonly BenchResult[]> {
  const receiver = Receiver.start()
  let sides: Sides | undefined
  try {
    const ports = await receiver.ports()
    sides = {
      commloop: await receiver.inTime(sendWithNode(ports.node)),
      raw: await receiver.inTime(sendRaw(ports.raw)),
    }
    const bench = new Measurement(plan, receiver, sides, onStep)
    const results: BenchResult[] = []
    for (const payloadBytes of ONE_WAY_BYTES) results.push(await bench.oneWay(payloadBytes))
    results.push(await bench.roundTrip(ROUND_TRIP_BYTES))
    return results
  } finally {
    sides?.commloop.close()
    sides?.raw.close()
    receiver.close()
  }
}

class Measurement {
  readonly #plan: BenchPlan
  readonly #receiver: Receiver
  readonly #sides: Sides
  readonly #onStep: (step: string) => void

  constructor(plan: BenchPlan, receiver: Receiver, sides: Sides, onStep: (step: string) => void) {
    this.#plan = plan
    this.#receiver = receiver
    this.#sides = sides
    this.#onStep = onStep
  }

  async oneWay(payloadBytes: number): Promise<OneWayResult> {
    const { commloop, raw } = this.#sides
    const messages = {
      commloop: await this.#warmedUp(commloop, payloadBytes),
      raw: await this.#warmedUp(raw, payloadBytes),
    }
    const rates = await this.#rounds(`one way, ${String(payloadBytes)} B`, async (name) => {
      const tookMs = await this.#sent(this.#sides[name], payloadBytes, messages[name])
      return (messages[name] * 1000) / tookMs
    })
    return { kind: 'one-way', payloadBytes, messagesPerSecond: compared(rates, (rate) => rate) }
  }

  async roundTrip(payloadBytes: number): Promise<RoundTripResult> {
    const first = await this.#asked(this.#sides.raw, payloadBytes, FIRST_TRIPS)
    const tookMs = first.reduce((sum, tripMs) => sum + tripMs, 0)
    const trips = Math.max(TRIPS_MIN, this.#fitting(FIRST_TRIPS, tookMs))
    const rounds = await this.#rounds(`round trip, ${String(payloadBytes)} B`, (name) =>
      this.#asked(this.#sides[name], payloadBytes, trips),
    )
    return {
      kind: 'round-trip',
      payloadBytes,
      p50Us: compared(rounds, (tripsMs) => quantile(tripsMs, 0.5) * 1000),
      p99Us: compared(rounds, (tripsMs) => quantile(tripsMs, 0.99) * 1000),
    }
  }

  /** Warms up the code until V8 has compiled it. @returns the number of messages of a round */
  async #warmedUp(side: SendingSide, payloadBytes: number): Promise<number> {
    let messages = FIRST_MESSAGES
    for (let run = 0; run < WARM_UPS; run++) {
      messages = this.#fitting(messages, await this.#sent(side, payloadBytes, messages))
    }
    return messages
  }

  /** How many messages fit into a round, given that `count` took `tookMs`. */
  #fitting(count: number, tookMs: number): number {
    return Math.max(1, Math.round((count * this.#plan.roundMs) / tookMs))
  }

  /** The first round is discarded. */
  async #rounds<Value>(
    what: string,
    measureOne: (name: keyof Sides) => Promise<Value>,
  ): Promise<readonly Readonly<Record<keyof Sides, Value>>[]> {
    const rounds: Record<keyof Sides, Value>[] = []
    for (let round = 0; round <= this.#plan.rounds; round++) {
      this.#onStep(`${what}: round ${String(round)} of ${String(this.#plan.rounds)}`)
      // The second contender may find a warmer machine, so the order alternates.
      const rawFirst = round % 2 === 1
      const early = rawFirst ? await measureOne('raw') : undefined
      const commloop = await measureOne('commloop')
      const raw = early ?? (await measureOne('raw'))
      if (round > 0) rounds.push({ commloop, raw })
    }
    return rounds
  }

  /** @returns milliseconds from the first send to the arrival of the last message */
  #sent(side: SendingSide, payloadBytes: number, messages: number): Promise<number> {
    const payloads = new PayloadCycle(payloadBytes)
    return this.#receiver.run({ messages, payloadBytes, echoed: false }, () =>
      side.send(payloads, messages),
    )
  }

  /** @returns the milliseconds of each round trip, one at a time */
  async #asked(side: SendingSide, payloadBytes: number, trips: number): Promise<Float64Array> {
    const payloads = new PayloadCycle(payloadBytes)
    const tripsMs = new Float64Array(trips)
    const traffic = { messages: trips, payloadBytes, echoed: true }
    let changed = 0
    await this.#receiver.run(traffic, () => {
      return new Promise((resolve) => {
        let at = 0
        let askedMs = 0
        let asked = payloads.next()
        const ask = (): void => {
          askedMs = performance.now()
          side.ask(asked, answered)
        }
        const answered = (echo: Uint8Array): void => {
          tripsMs[at++] = performance.now() - askedMs
          if (Buffer.compare(echo, asked) !== 0) changed++
          asked = payloads.next()
          if (at < trips) ask()
          else resolve()
        }
        ask()
      })
    })
    if (changed > 0)
      throw new Error(`${String(changed)} echoes differ from the message that was sent`)
    return tripsMs
  }
}

function compared<Value>(
  rounds: readonly Readonly<Record<keyof Sides, Value>>[],
  figureOf: (value: Value) => number,
): Compared {
  const figures = rounds.map((round) => ({
    commloop: figureOf(round.commloop),
    raw: figureOf(round.raw),
  }))
  const ratios = figures.map(({ commloop, raw }) => commloop / raw)
  return {
    commloop: median(figures.map(({ commloop }) => commloop)),
    raw: median(figures.map(({ raw }) => raw)),
    ratio: median(ratios),
    ratios,
  }
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

function quantile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
