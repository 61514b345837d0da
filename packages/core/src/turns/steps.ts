/** Work that may be interrupted at each `yield`. */
export type Steps<Result> = Generator<undefined, Result, undefined>

/** Does all of the work at once. */
export function allSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}
