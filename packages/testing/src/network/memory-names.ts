import type {
  Clock,
  Dial,
  DialHandler,
  DialTarget,
  ResolveHandler,
  Resolving,
  Timer,
} from '@commloop/core'
import { networkFailure } from './network-failure.js'

/** How long a dial waits for one address of a name before it tries the next one, as `tcp` does. */
const ADDRESS_ATTEMPT_MS = 2_000

/** What a name leads to: addresses, no address, or no answer at all. */
export type NameAnswer = readonly string[] | 'unknown' | 'silent'

/** Dials one address. */
type DialAddress = (target: DialTarget, handler: DialHandler) => Dial

/** The name service of a network. Names that it was not told are addresses. */
export class MemoryNames {
  readonly #clock: Clock
  readonly #answers = new Map<string, NameAnswer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  set(name: string, answer: NameAnswer): void {
    this.#answers.set(name, answer)
  }

  has(name: string): boolean {
    return this.#answers.has(name)
  }

  resolve(name: string, handler: ResolveHandler): Resolving {
    const timer = this.#clock.after(0, () => {
      const answer = this.#answers.get(name) ?? 'unknown'
      if (answer === 'silent') return
      if (answer === 'unknown') handler.failed(networkFailure('ENOTFOUND', 'getaddrinfo', name))
      else handler.resolved(answer)
    })
    return {
      cancel: () => {
        timer.cancel()
      },
    }
  }

  dial(target: DialTarget, handler: DialHandler, dialAddress: DialAddress): Dial {
    return new NameDial(this, this.#clock, target, handler, dialAddress)
  }
}

/** A dial to a name: tries its addresses one after the other. */
class NameDial implements Dial {
  readonly #clock: Clock
  readonly #target: DialTarget
  readonly #handler: DialHandler
  readonly #dialAddress: DialAddress
  readonly #timer: Timer
  readonly #look: Resolving
  #untried: readonly string[] = []
  #dial: Dial | undefined
  #attemptTimer: Timer | undefined

  constructor(
    names: MemoryNames,
    clock: Clock,
    target: DialTarget,
    handler: DialHandler,
    dialAddress: DialAddress,
  ) {
    this.#clock = clock
    this.#target = target
    this.#handler = handler
    this.#dialAddress = dialAddress
    this.#timer = clock.after(target.timeoutMs, () => {
      this.#fail(networkFailure('ETIMEDOUT', 'connect', target.ip))
    })
    this.#look = names.resolve(target.ip, {
      resolved: (addresses) => {
        this.#untried = target.order?.(addresses) ?? addresses
        this.#next(networkFailure('ENOTFOUND', 'getaddrinfo', target.ip))
      },
      failed: (error) => {
        this.#fail(error)
      },
    })
  }

  #next(error: Error): void {
    this.#attemptTimer?.cancel()
    const [address, ...rest] = this.#untried
    if (address === undefined) {
      this.#fail(error)
      return
    }
    this.#untried = rest
    this.#handler.trying?.(address)
    this.#dial = this.#dialAddress(
      { ...this.#target, ip: address },
      {
        opened: (connection) => {
          this.cancel()
          return this.#handler.opened(connection)
        },
        failed: (reason) => {
          this.#next(reason)
        },
      },
    )
    if (rest.length === 0) return
    this.#attemptTimer = this.#clock.after(ADDRESS_ATTEMPT_MS, () => {
      this.#dial?.cancel()
      this.#next(networkFailure('ETIMEDOUT', 'connect', address))
    })
  }

  #fail(error: Error): void {
    this.cancel()
    this.#handler.failed(error)
  }

  cancel(): void {
    this.#timer.cancel()
    this.#attemptTimer?.cancel()
    this.#look.cancel()
    this.#dial?.cancel()
  }
}
