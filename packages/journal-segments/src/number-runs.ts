/** A set of whole numbers, kept as runs: numbers that have left a queue before older ones. */
export class NumberRuns {
  readonly #firsts: number[] = []
  readonly #ends: number[] = []

  get runs(): number {
    return this.#firsts.length
  }

  /** Calls `visit` with each run: its first number, and the number after its last one. */
  forEach(visit: (first: number, end: number) => void): void {
    for (const [at, first] of this.#firsts.entries()) visit(first, this.#ends[at] ?? first)
  }

  has(number: number): boolean {
    const at = this.#firstEndingAfter(number)
    return (this.#firsts[at] ?? Infinity) <= number
  }

  /** Adds the numbers from `first` to `end` - 1. */
  add(first: number, end: number): void {
    // Runs that touch the new one become part of it.
    const from = this.#firstEndingAfter(first - 1)
    let to = from
    let [mergedFirst, mergedEnd] = [first, end]
    while ((this.#firsts[to] ?? Infinity) <= end) {
      mergedFirst = Math.min(mergedFirst, this.#firsts[to] ?? first)
      mergedEnd = Math.max(mergedEnd, this.#ends[to] ?? end)
      to++
    }
    this.#firsts.splice(from, to - from, mergedFirst)
    this.#ends.splice(from, to - from, mergedEnd)
  }

  /**
   * Removes everything below `base`, and the run that begins there.
   * @returns the first number from `base` on that is not in the set
   */
  removeUpTo(base: number): number {
    const count = this.#firstEndingAfter(base)
    const isInside = (this.#firsts[count] ?? Infinity) <= base
    const next = isInside ? (this.#ends[count] ?? base) : base
    this.#firsts.splice(0, isInside ? count + 1 : count)
    this.#ends.splice(0, isInside ? count + 1 : count)
    return next
  }

  #firstEndingAfter(number: number): number {
    let low = 0
    let high = this.#ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ends[middle] ?? 0) > number) high = middle
      else low = middle + 1
    }
    return low
  }
}
