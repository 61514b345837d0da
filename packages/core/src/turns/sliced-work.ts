import type { Clock, Timer } from '../contracts/clock.js'
import { afterTurn } from './loop-turn.js'
import type { Steps } from './steps.js'

/** How long one slice keeps the event loop, in milliseconds: far less than a peer or an operator notices. */
const SLICE_MS_MAX = 10
/** The most steps of one slice, for a machine whose clock is coarse. */
const SLICE_STEPS_MAX = 500

/** How the work has ended. */
export type WorkEnd<Result> =
  { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly error: unknown }

/** Work that gives the event loop back after each slice of its steps. The first slice begins immediately. */
export class SlicedWork<Result> {
  readonly #clock: Clock
  readonly #steps: Steps<Result>
  readonly #ended: (end: WorkEnd<Result>) => void
  #timer: Timer | undefined
  #inSlice = false
  #hurries = false
  #isCancelled = false

  constructor(clock: Clock, steps: Steps<Result>, ended: (end: WorkEnd<Result>) => void) {
    this.#clock = clock
    this.#steps = steps
    this.#ended = ended
  }

  begin(): void {
    this.#slice()
  }

  /** Does the rest without another pause. If a step calls this, the rest follows that step. */
  hurry(): void {
    this.#hurries = true
    if (this.#timer === undefined || this.#inSlice) return
    this.#timer.cancel()
    this.#slice()
  }

  /** Abandons the rest. `ended` is not called. */
  cancel(): void {
    this.#isCancelled = true
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #slice(): void {
    this.#timer = undefined
    const end = this.#nextSteps()
    if (this.#isCancelled) return
    if (end === undefined) {
      this.#timer = afterTurn(this.#clock, () => {
        this.#slice()
      })
    } else this.#ended(end)
  }

  /** undefined: there is more to do. */
  #nextSteps(): WorkEnd<Result> | undefined {
    const endMs = this.#clock.now() + SLICE_MS_MAX
    this.#inSlice = true
    try {
      for (let steps = 0; this.#hurries || steps < SLICE_STEPS_MAX; steps++) {
        const { done, value } = this.#steps.next()
        if (done === true) return { ok: true, result: value }
        if (!this.#hurries && this.#clock.now() >= endMs) return undefined
      }
      return undefined
    } catch (error) {
      return { ok: false, error }
    } finally {
      this.#inSlice = false
    }
  }
}

/** Does work in slices. Rejects with what a step throws. */
export async function inSlices<Result>(clock: Clock, steps: Steps<Result>): Promise<Result> {
  const end = await new Promise<WorkEnd<Result>>((resolve) => {
    new SlicedWork(clock, steps, resolve).begin()
  })
  if (end.ok) return end.result
  throw end.error
}
