import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { DURATION_MS_MAX, type Random, type ReconnectStrategy } from '@commloop/core'
import { SeededRandom } from '../index.js'
import { type Check, registerChecks } from './check.js'

const ATTEMPTS_MAX = 1_000_000
/** Each of these attempts is asked about often; powers of two reach far beyond. */
const FIRST_ATTEMPTS = 300
/** The smallest and the largest number that `SeededRandom` draws, and some between. */
const DRAWS = [0, 2 ** -32, 0.5, 1 - 2 ** -32] as const
/** Whoever draws until it likes what it gets may draw for ever. */
const DRAWS_PER_ANSWER_MAX = 1_000
/** Ten dials a second and link: enough for a peer that accepts and hangs up. */
const LEAST_DELAY_MS = 100

/** What the suite cannot find out from the strategy alone. */
export interface ReconnectStrategyComplianceOptions {
  /** No delay may be shorter, in milliseconds; default 100. At least 1: a delay of 0 is a busy loop. */
  readonly leastDelayMs?: number
}

/** What every ReconnectStrategy promises. Called once from an implementer's test for each way to set it up. */
export function reconnectStrategyCompliance(
  name: string,
  strategy: ReconnectStrategy,
  options: ReconnectStrategyComplianceOptions = {},
): void {
  const checks = reconnectStrategyChecks(strategy, options)
  registerChecks(`ReconnectStrategy compliance: ${name}`, checks)
}

/** The checks behind `reconnectStrategyCompliance`. */
export function reconnectStrategyChecks(
  strategy: ReconnectStrategy,
  { leastDelayMs = LEAST_DELAY_MS }: ReconnectStrategyComplianceOptions = {},
): readonly Check[] {
  const checks: readonly [string, (strategy: ReconnectStrategy, leastDelayMs: number) => void][] = [
    ['answers undefined or 0 to 2^31-1 milliseconds, for every attempt up to a million', inRange],
    ['answers in the same way for attempts as large as numbers go', inRangeFarOut],
    ['keeps a least delay, whatever is drawn: no peer makes it dial in a busy loop', keepsLeast],
    ['gives up for good: for no later attempt it has a delay again', givesUpForGood],
    ['answers the same when the same is drawn', answersTheSame],
    ['keeps nothing from one call to the next: the order of the questions does not matter', isPure],
    ['takes chance from what it is given, and time from nowhere', takesOnlyGivenChance],
    ['draws a bounded number of times for one answer', drawsBounded],
  ]
  return checks.map(([name, check]) => ({
    name,
    check: () => {
      check(strategy, leastDelayMs)
    },
  }))
}

/** Draws the same for ever. @throws when it is asked as often as only a loop without end asks. */
class ConstantRandom implements Random {
  readonly #drawn: number
  #draws = 0

  constructor(drawn: number) {
    this.#drawn = drawn
  }

  next(): number {
    this.#draws++
    assert.ok(this.#draws <= DRAWS_PER_ANSWER_MAX, 'it draws again and again')
    return this.#drawn
  }

  /** For the next answer. */
  begin(): this {
    this.#draws = 0
    return this
  }
}

function assertUsable(delayMs: unknown, attempt: number, drawn: number): void {
  if (delayMs === undefined) return
  if (typeof delayMs === 'number' && delayMs >= 0 && delayMs <= DURATION_MS_MAX) return
  const question = `attempt ${String(attempt)}, ${String(drawn)} drawn`
  assert.fail(`${question}: the answer is ${inspect(delayMs)}`)
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
      assert.ok(delayMs >= leastDelayMs, `${text}, the least is ${String(leastDelayMs)} ms`)
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
        assert.fail(`${text}: a delay again, after it gave up at ${String(gaveUpAt)}`)
      }
    }
  }
}

function answersTheSame(strategy: ReconnectStrategy): void {
  for (const drawn of DRAWS) {
    for (const attempt of someAttempts()) {
      const [first, second] = [0, 1].map(() => strategy.delayMs(attempt, new ConstantRandom(drawn)))
      assert.equal(second, first, `attempt ${String(attempt)}, asked twice`)
    }
  }
}

function isPure(strategy: ReconnectStrategy): void {
  const attempts = someAttempts()
  const answer = (attempt: number): number | undefined =>
    strategy.delayMs(attempt, new SeededRandom(attempt))
  const answers = new Map(attempts.map((attempt) => [attempt, answer(attempt)]))
  const random = new SeededRandom('reconnect strategy compliance')
  // As links do that are asked about by turns.
  const shuffled = Array.from({ length: 2 * attempts.length }, () => random.pick(attempts))
  for (const attempt of [...attempts.toReversed(), ...shuffled]) {
    const text = `attempt ${String(attempt)}, asked after other ones`
    assert.equal(answer(attempt), answers.get(attempt), text)
  }
}

function takesOnlyGivenChance(strategy: ReconnectStrategy): void {
  const used = usedOfSurroundings(() => {
    for (const attempt of someAttempts()) strategy.delayMs(attempt, new ConstantRandom(0.5))
  })
  assert.deepEqual(used, [])
}

/** Which of the machine's own sources of chance and time are asked meanwhile. */
function usedOfSurroundings(action: () => void): readonly string[] {
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

/** The first ones, and from there in growing steps up to a million. */
function someAttempts(): number[] {
  const attempts = Array.from({ length: FIRST_ATTEMPTS }, (_, at) => at + 1)
  for (let attempt = FIRST_ATTEMPTS; attempt < ATTEMPTS_MAX; attempt *= 1.5) {
    attempts.push(Math.ceil(attempt))
  }
  return [...attempts, ATTEMPTS_MAX]
}
