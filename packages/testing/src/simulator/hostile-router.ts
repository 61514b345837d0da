import type { LinkView, Route, RoutedMessage, SendRouter } from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { SentMessage } from './message-book.js'
import type { World } from './world.js'

/** How a router can behave. */
export const ROUTER_HABITS = [
  'answers',
  'promises',
  'defers',
  'throws',
  'rejects',
  'hangs',
  'talks nonsense',
  'sends to several',
  'drops',
] as const

/** One of `ROUTER_HABITS`. */
export type RouterHabit = (typeof ROUTER_HABITS)[number]

/** How the router of a node behaves. */
export interface RouterPlan {
  readonly habits: readonly RouterHabit[]
  /** Probability of a habit other than `answers`. */
  readonly hostility: number
  /** The longest time until a promise settles, in milliseconds. */
  readonly answerMsMax: number
}

/** A router that finds the destination, but misbehaves until the faults end. */
export class HostileRouter implements SendRouter {
  readonly #node: string
  readonly #plan: RouterPlan
  readonly #random: SeededRandom
  readonly #world: World
  readonly #relayed = new Set<SentMessage>()

  constructor(node: string, plan: RouterPlan, random: SeededRandom, world: World) {
    this.#node = node
    this.#plan = plan
    this.#random = random
    this.#world = world
  }

  route(message: RoutedMessage, links: readonly LinkView[]): Route | PromiseLike<Route> {
    const sent = this.#world.book.find(message.payload)
    if (sent === undefined) return { drop: 'unknown payload' }
    if (sent.destination === this.#node) return { drop: 'arrived' }
    if (message.from !== undefined && message.deferrals === 0) {
      if (this.#relayed.has(sent)) return { drop: 'relayed before' }
      this.#relayed.add(sent)
    }
    return this.#answer(this.#habit(), sent, message, links)
  }

  #habit(): RouterHabit {
    const hostile = this.#random.chance(this.#plan.hostility) && !this.#world.calm
    return hostile ? this.#random.pick(this.#plan.habits) : 'answers'
  }

  #answer(
    habit: RouterHabit,
    sent: SentMessage,
    message: RoutedMessage,
    links: readonly LinkView[],
  ): Route | PromiseLike<Route> {
    const target = this.#target(sent, message, links)
    switch (habit) {
      case 'answers':
        return target
      case 'promises':
        return this.#later((answer) => {
          answer(this.#random.chance(0.1) ? { defer: 50 } : target)
        })
      case 'defers':
        return { defer: this.#random.int(3) === 0 ? '1s' : this.#random.int(200) }
      case 'throws':
        throw new Error('simulated: the router throws')
      case 'rejects':
        return this.#later((_, reject) => {
          reject(new Error('simulated: the router rejects'))
        })
      case 'hangs':
        return { then: () => new Promise(() => undefined) }
      case 'talks nonsense':
        return this.#random.pick<Route>([
          'unknown',
          9_999,
          [],
          { link: 'unknown', epoch: 1 },
          'many',
        ])
      case 'sends to several':
        return [this.#target(sent, message, links), this.#target(sent, message, links)].flatMap(
          (route) => (typeof route === 'string' ? [route] : []),
        )
      case 'drops':
        return { drop: 'dropped by habit' }
    }
  }

  /** A link to the destination; if there is none, any other link, whose node may relay the message. */
  #target(sent: SentMessage, message: RoutedMessage, links: readonly LinkView[]): Route {
    const others = links.filter(({ id }) => id !== message.from?.link)
    const direct = others.filter(({ id }) => id.split('-')[1]?.split('/')[0] === sent.destination)
    if (direct.length > 0) return this.#random.pick(direct).id
    if (message.from !== undefined || others.length === 0) return { drop: 'no route' }
    return this.#random.pick(others).id
  }

  /** Settles in virtual time; a native promise would settle in real time. */
  #later(
    settle: (answer: (route: Route) => void, reject: (error: Error) => void) => void,
  ): PromiseLike<Route> {
    const delayMs = this.#random.next() * this.#plan.answerMsMax
    return new VirtualPromise((answer, reject) => {
      this.#world.clock.after(delayMs, () => {
        settle(answer, reject)
      })
    })
  }
}

/** The part of a promise that core uses. It settles within the callback that settles it. */
class VirtualPromise implements PromiseLike<Route> {
  readonly #settle: (answer: (route: Route) => void, reject: (error: Error) => void) => void

  constructor(settle: (answer: (route: Route) => void, reject: (error: Error) => void) => void) {
    this.#settle = settle
  }

  then<Answer, Rejection>(
    answered?: ((route: Route) => Answer | PromiseLike<Answer>) | null,
    rejected?: ((error: unknown) => Rejection | PromiseLike<Rejection>) | null,
  ): PromiseLike<Answer | Rejection> {
    this.#settle(
      (route) => {
        answered?.(route)
      },
      (error) => {
        rejected?.(error)
      },
    )
    return { then: () => new Promise(() => undefined) } as PromiseLike<Answer | Rejection>
  }
}
