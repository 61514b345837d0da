import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { DURATION_MS_MAX, type Random, type ReconnectStrategy } from '@commloop/core'
import { SeededRandom } from '../virtual/seeded-random.js'
import { type Check, registerChecks } from './check.js'

const ATTEMPTS_MAX = 1_000_000
/** Time limit of a check: it makes up to four million calls, on a machine that may be busy. */
const CHECK_MS_MAX = 60_000
/** These attempts are tested one by one, later ones in growing steps. */
const FIRST_ATTEMPTS = 300
/** The smallest and the largest number of `SeededRandom`, and some between. */
const DRAWS = [0, 2 ** -32, 0.5, 1 - 2 ** -32] as const
/** A strategy that draws until a number fits might never stop. */
const DRAWS_PER_ANSWER_MAX = 1_000
/** Ten dials per second and link: the most that a peer that closes every connection should cause. */
const LEAST_DELAY_MS = 100

/** Facts that the suite cannot get from the strategy. */
export interface ReconnectStrategyComplianceOptions {
  /** The minimum delay in milliseconds, at least 1, because a delay of 0 is a busy loop. Default 100. */
  readonly leastDelayMs?: number
}

/** Registers the tests that every ReconnectStrategy must pass. Call it once for each set of options. */
export function reconnectStrategyCompliance(
  name: string,
  strategy: ReconnectStrategy,
  options: ReconnectStrategyComplianceOptions = {},
): void {
  const checks = reconnectStrategyChecks(strategy, options)
  registerChecks(`ReconnectStrategy compliance: ${name}`, checks, CHECK_MS_MAX)
}

/** The checks behind `reconnectStrategyCompliance`. */
export function reconnectStrategyChecks(
  strategy: ReconnectStrategy,
  { leastDelayMs = LEAST_DELAY_MS }: ReconnectStrategyComplianceOptions = {},
): readonly Check[] {
  const checks: readonly [string, (strategy: ReconnectStrategy, leastDelayMs: number) => void][] = [
    ['returns undefined or 0 to 2^31-1 milliseconds for every attempt up to a million', inRange],
    ['returns the same for attempts up to the largest safe integer', inRangeFarOut],
    [
      'keeps a minimum delay for every random number: no peer can cause a busy loop of dials',
      keepsLeast,
    ],
    ['gives up permanently: it returns no delay for a later attempt', givesUpForGood],
    ['returns the same delay for the same random number', answersTheSame],
    ['keeps no state between calls: the order of the calls does not matter', isPure],
    ['uses only the given random numbers, and no clock', usesOnlyGivenRandom],
    ['draws a bounded number of random numbers for each call', drawsBounded],
  ]
  return checks.map(([name, check]) => ({
    name,
    check: () => {
      check(strategy, leastDelayMs)
    },
  }))
}

/** Always draws the same number. @throws AssertionError if it is called too often for one delay */
class ConstantRandom implements Random {
  readonly #drawn: number
  #draws = 0

  constructor(drawn: number) {
    this.#drawn = drawn
  }

  next(): number {
    this.#draws++
    assert.ok(this.#draws <= DRAWS_PER_ANSWER_MAX, 'it draws too many random numbers')
    return this.#drawn
  }

  /** Starts counting for the next delay. */
  begin(): this {
    this.#draws = 0
    return this
  }
}

function assertUsable(delayMs: unknown, attempt: number, drawn: number): void {
  if (delayMs === undefined) return
  if (typeof delayMs === 'number' && delayMs >= 0 && delayMs <= DURATION_MS_MAX) return
  const question = `attempt ${String(attempt)}, ${String(drawn)} drawn`
  assert.fail(`${question}: it returned ${inspect(delayMs)}`)
}

function inRange(strategy: ReconnectStrategy): void {
  for (const drawn of DRAWS) {
    const random = new ConstantRandom(drawn)
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      assertUsable(strategy.delayMs(attempt, random.begin()), attempt, drawn)
    }
  }
}

function inRangeFarOut(strategy: ReconnectStrategy): void {
  for (const drawn of DRAWS) {
    const random = new ConstantRandom(drawn)
    for (let attempt = ATTEMPTS_MAX; attempt < Number.MAX_SAFE_INTEGER; attempt *= 2) {
      assertUsable(strategy.delayMs(attempt, random.begin()), attempt, drawn)
    }
  }
}

function keepsLeast(strategy: ReconnectStrategy, leastDelayMs: number): void {
  assert.ok(leastDelayMs >= 1, 'leastDelayMs: expected 1 or more')
  for (const drawn of DRAWS) {
    const random = new ConstantRandom(drawn)
    for (const attempt of someAttempts()) {
      const delayMs = strategy.delayMs(attempt, random.begin()) ?? Infinity
      const text = `attempt ${String(attempt)}, ${String(drawn)} drawn: ${String(delayMs)} ms`
      assert.ok(delayMs >= leastDelayMs, `${text}, the minimum is ${String(leastDelayMs)} ms`)
    }
  }
}

function givesUpForGood(strategy: ReconnectStrategy): void {
  let gaveUpAt: number | undefined
  for (const attempt of someAttempts()) {
    for (const drawn of DRAWS) {
      const gaveUp = strategy.delayMs(attempt, new ConstantRandom(drawn)) === undefined
      if (gaveUp) gaveUpAt ??= attempt
      const text = `attempt ${String(attempt)}, ${String(drawn)} drawn`
      if (!gaveUp && gaveUpAt !== undefined) {
        assert.fail(`${text}: it returned a delay after it gave up at attempt ${String(gaveUpAt)}`)
      }
    }
  }
}

function answersTheSame(strategy: ReconnectStrategy): void {
  for (const drawn of DRAWS) {
    for (const attempt of someAttempts()) {
      const [first, second] = [0, 1].map(() => strategy.delayMs(attempt, new ConstantRandom(drawn)))
      assert.equal(second, first, `attempt ${String(attempt)}, called twice`)
    }
  }
}

function isPure(strategy: ReconnectStrategy): void {
  const attempts = someAttempts()
  const answer = (attempt: number): number | undefined =>
    strategy.delayMs(attempt, new SeededRandom(attempt))
  const answers = new Map(attempts.map((attempt) => [attempt, answer(attempt)]))
  const random = new SeededRandom('reconnect strategy compliance')
  // As if several links used the strategy in turn.
  const shuffled = Array.from({ length: 2 * attempts.length }, () => random.pick(attempts))
  for (const attempt of [...attempts.toReversed(), ...shuffled]) {
    const text = `attempt ${String(attempt)}, called after other attempts`
    assert.equal(answer(attempt), answers.get(attempt), text)
  }
}

function usesOnlyGivenRandom(strategy: ReconnectStrategy): void {
  const used = globalsUsedBy(() => {
    for (const attempt of someAttempts()) strategy.delayMs(attempt, new ConstantRandom(0.5))
  })
  assert.deepEqual(used, [])
}

/** Which global sources of random numbers and of time the action uses. */
function globalsUsedBy(action: () => void): readonly string[] {
  const used = new Set<string>()
  const sources = [
    { name: 'Math.random', owner: Math, key: 'random' },
    { name: 'Date.now', owner: Date, key: 'now' },
    { name: 'performance.now', owner: performance, key: 'now' },
    { name: 'crypto.getRandomValues', owner: crypto, key: 'getRandomValues' },
  ]
  const undo = sources.map(({ name, owner, key }) => {
    const own = Object.getOwnPropertyDescriptor(owner, key)
    const real: unknown = Reflect.get(owner, key)
    const spy = (...values: readonly unknown[]): unknown => {
      used.add(name)
      return typeof real === 'function' ? Reflect.apply(real, owner, values) : undefined
    }
    Object.defineProperty(owner, key, { value: spy, configurable: true, writable: true })
    return () => {
      if (own === undefined) Reflect.deleteProperty(owner, key)
      else Object.defineProperty(owner, key, own)
    }
  })
  try {
    action()
  } finally {
    for (const restore of undo) restore()
  }
  return [...used]
}

function drawsBounded(strategy: ReconnectStrategy): void {
  for (const drawn of DRAWS) {
    for (const attempt of someAttempts()) strategy.delayMs(attempt, new ConstantRandom(drawn))
  }
}

/** The first attempts, and then in growing steps up to a million. */
function someAttempts(): number[] {
  const attempts = Array.from({ length: FIRST_ATTEMPTS }, (_, at) => at + 1)
  for (let attempt = FIRST_ATTEMPTS; attempt < ATTEMPTS_MAX; attempt *= 1.5) {
    attempts.push(Math.ceil(attempt))
  }
  return [...attempts, ATTEMPTS_MAX]
}
