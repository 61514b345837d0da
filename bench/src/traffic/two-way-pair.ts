import { Child } from '../process/child.js'
import { withinMs } from '../process/within-ms.js'
import { TWO_WAY_ROLES, type Trips, type TwoWayRole } from './two-way-roles.js'

const RUN_MS_MAX = 60_000

/** The two processes of one contender whose connection is used in both directions. */
export class TwoWayPair {
  readonly #accepting: Child<TwoWayRole>
  readonly #dialing: Child<TwoWayRole>

  private constructor(accepting: Child<TwoWayRole>, dialing: Child<TwoWayRole>) {
    this.#accepting = accepting
    this.#dialing = dialing
  }

  static async start(name: string): Promise<TwoWayPair> {
    const start = (): Promise<Child<TwoWayRole>> =>
      Child.start<TwoWayRole>(TWO_WAY_ROLES, 'twoWayRole', [name])
    const accepting = await start()
    try {
      const port = await accepting.call('accept')
      const dialing = await start()
      await dialing.call('dial', port)
      return new TwoWayPair(accepting, dialing)
    } catch (error) {
      await accepting.stop()
      throw error
    }
  }

  async trips(payloadBytes: number, trips: number, inFlight: number): Promise<Trips> {
    await this.#accepting.call('echo')
    const run = this.#dialing.call('trips', payloadBytes, trips, inFlight)
    return await withinMs(run, RUN_MS_MAX, 'the last answer')
  }

  /** Both ends send this many messages. @returns milliseconds from the first send to the last arrival on either side */
  async exchange(payloadBytes: number, messages: number): Promise<number> {
    const traffic = { payloadBytes, messages, lanes: 1, thorough: false }
    const ends = [this.#accepting, this.#dialing]
    await Promise.all(ends.map((end) => end.call('expect', traffic)))
    const run = Promise.all(ends.map((end) => end.call('exchange', traffic)))
    const results = await withinMs(run, RUN_MS_MAX, 'the last message')
    for (const { problem } of results) if (problem !== '') throw new Error(problem)
    const startedMs = Math.min(...results.map((each) => each.startedMs))
    return Math.max(...results.map(({ lastMs }) => lastMs)) - startedMs
  }

  async stop(): Promise<void> {
    await Promise.all([this.#dialing.stop(), this.#accepting.stop()])
  }
}
