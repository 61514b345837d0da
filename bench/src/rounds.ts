import { ForeignTime } from './process/processor-time.js'
import type { Plan } from './plan.js'
import type { Load } from './results/result.js'

/** A contender that is measured in turn with others. */
export interface Entrant {
  readonly name: string
  /** One short measurement. @returns the value of this round */
  round(): Promise<number>
}

/** How many CPUs other processes may keep busy during a valid round. */
const FOREIGN_PROCESSORS_MAX = 0.15

/**
 * Rounds of measurements. Each round contains all contenders, in changing order, and ratios are taken within a round, so
 * that a disturbance affects all of them. If other processes used the CPUs during a round, it is measured again, as
 * often as the plan allows.
 */
export class Rounds {
  readonly #plan: Plan
  readonly #progress: (text: string) => void
  #foreign: number[] = []
  #repeated = 0
  #disturbed = 0

  constructor(plan: Plan, progress: (text: string) => void) {
    this.#plan = plan
    this.#progress = progress
  }

  /** @returns the values by name, one for each round */
  async measure(what: string, entrants: readonly Entrant[]): Promise<Map<string, number[]>> {
    const values = new Map(entrants.map(({ name }) => [name, [] as number[]]))
    let repeats = this.#plan.repeatsMax
    for (let round = 0; round < this.#plan.rounds; round++) {
      this.#progress(`${what}: round ${String(round + 1)} of ${String(this.#plan.rounds)}`)
      let measured = await this.#round(entrants, round)
      while (measured.foreign > FOREIGN_PROCESSORS_MAX && repeats > 0) {
        repeats--
        this.#repeated++
        this.#progress(`${what}: disturbed, round ${String(round + 1)} again`)
        const again = await this.#round(entrants, round)
        // If no round is quiet, the quietest one counts.
        if (again.foreign < measured.foreign) measured = again
      }
      if (measured.foreign > FOREIGN_PROCESSORS_MAX) this.#disturbed++
      this.#foreign.push(measured.foreign)
      for (const [name, value] of measured.values) values.get(name)?.push(value)
    }
    return values
  }

  async #round(
    entrants: readonly Entrant[],
    round: number,
  ): Promise<{ readonly values: Map<string, number>; readonly foreign: number }> {
    const first = round % entrants.length
    const order = [...entrants.slice(first), ...entrants.slice(0, first)]
    const time = new ForeignTime()
    const values = new Map<string, number>()
    for (const entrant of order) values.set(entrant.name, await entrant.round())
    return { values, foreign: time.take() }
  }

  /** The load of all rounds so far. */
  get load(): Load {
    const sum = this.#foreign.reduce((left, right) => left + right, 0)
    return {
      foreignProcessors: this.#foreign.length === 0 ? 0 : sum / this.#foreign.length,
      roundsRepeated: this.#repeated,
      roundsDisturbed: this.#disturbed,
    }
  }
}
