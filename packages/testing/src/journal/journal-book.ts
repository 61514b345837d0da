import type { FoundQueue } from '@commloop/core'
import { type ModelGroup, ModelState, type ModelStep } from './journal-model.js'

/**
 * Everything that was given to a journal, and how much of it the journal has reported as stored. After a crash the
 * journal must be in the state after one of the groups: at least the last one that it has reported, and as a whole.
 */
export class JournalBook {
  /** After everything that was reported as stored. */
  #stored = new ModelState()
  /** After the report before the last one. */
  #storedBefore = new ModelState()
  #lastStored: readonly ModelGroup[] = []
  #waiting: ModelGroup[] = []
  /** After everything that was given. */
  #given = new ModelState()
  #steps: ModelStep[] = []
  #ticket = 0

  /** After everything that was given. */
  get given(): ModelState {
    return this.#given
  }

  /** After everything that was reported as stored. */
  get stored(): ModelState {
    return this.#stored
  }

  /** Groups that were not reported as stored. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Notes a step of the present callback, after the journal has taken it with this ticket. */
  add(step: ModelStep, ticket: number): void {
    this.#steps.push(step)
    this.#ticket = ticket
  }

  /** The present callback ends. */
  endGroup(): void {
    if (this.#steps.length === 0) return
    const group = { ticket: this.#ticket, steps: this.#steps }
    this.#steps = []
    this.#waiting.push(group)
    this.#given.add(group)
  }

  /** The journal reports everything up to this ticket. @returns what is wrong with that */
  report(ticket: number): string | undefined {
    const count = this.#waiting.filter((group) => group.ticket <= ticket).length
    const isWhole = this.#waiting.every((group, at) => at < count === group.ticket <= ticket)
    for (const group of this.#lastStored) this.#storedBefore.add(group)
    this.#lastStored = this.#waiting.splice(0, count)
    for (const group of this.#lastStored) this.#stored.add(group)
    return isWhole ? undefined : 'tickets were reported out of order'
  }

  /**
   * Compares what a start has found, and goes on from there.
   * @returns what is wrong; undefined if it is the state after one of the groups that may be the last one
   */
  judge(found: readonly FoundQueue[]): string | undefined {
    this.#steps = []
    const { state, problem } = afterOneOf(this.#stored, this.#waiting, found)
    if (state !== undefined) this.#goOn(state)
    return problem
  }

  /** As `judge`, if a bit of the last batch may have changed: its groups may be missing, which no log can notice. */
  isLastBatchMissing(found: readonly FoundQueue[]): boolean {
    return afterOneOf(this.#storedBefore, this.#lastStored, found).state !== undefined
  }

  #goOn(state: ModelState): void {
    this.#stored = state
    this.#storedBefore = state.copy()
    this.#lastStored = []
    this.#waiting = []
    this.#given = state.copy()
  }
}

function afterOneOf(
  from: ModelState,
  groups: readonly ModelGroup[],
  found: readonly FoundQueue[],
): { readonly state: ModelState | undefined; readonly problem: string | undefined } {
  const problem = from.differs(found)
  if (problem === undefined) return { state: from, problem }
  const state = from.copy()
  for (const group of groups) {
    state.add(group)
    if (state.differs(found) === undefined) return { state, problem: undefined }
  }
  const last = state.differs(found) ?? ''
  return {
    state: undefined,
    problem: `not the state after what was stored (${problem}), nor after what waited (${last})`,
  }
}
