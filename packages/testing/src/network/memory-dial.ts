import {
  type Address,
  type Clock,
  CommloopError,
  type Dial,
  type DialHandler,
  type DialTarget,
  type Timer,
} from '@commloop/core'
import { networkFailure } from './network-failure.js'

/** A dial in progress. It ends exactly once. */
export class MemoryDial implements Dial {
  readonly host: string
  readonly local: Address
  readonly remote: Address
  readonly handler: DialHandler
  readonly #ended: (dial: MemoryDial) => void
  readonly #timer: Timer
  #over = false

  constructor(
    clock: Clock,
    host: string,
    local: Address,
    target: DialTarget,
    handler: DialHandler,
    ended: (dial: MemoryDial) => void,
  ) {
    this.host = host
    this.#ended = ended
    this.local = local
    this.remote = { ip: target.ip, port: target.port }
    this.handler = handler
    this.#timer = clock.after(target.timeoutMs, () => {
      const text = `${target.ip}:${String(target.port)} did not answer`
      this.fail(new CommloopError('CML_ERR_DIAL_TIMEOUT', text))
    })
  }

  get over(): boolean {
    return this.#over
  }

  /** @returns false if it has already ended */
  end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#timer.cancel()
    this.#ended(this)
    return true
  }

  cancel(): void {
    this.end()
  }

  refuse(): void {
    const address = `${this.remote.ip}:${String(this.remote.port)}`
    this.fail(networkFailure('ECONNREFUSED', 'connect', address))
  }

  fail(error: Error): void {
    if (this.end()) this.handler.failed(error)
  }
}
