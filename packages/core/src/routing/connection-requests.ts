import type { Link } from '../link/link.js'
import type { RequestKey, RequestKeyReader } from './request-options.js'

/** What tells the answer to a request from other messages. */
export interface Question {
  /** undefined: the next message is the answer. */
  readonly keyOf: RequestKeyReader | undefined
  readonly key: RequestKey | undefined
  /** A write contains the request, so an answer is possible. */
  readonly begun: boolean
}

/**
 * The requests of one connection. Those with a key wait side by side. Those without one form a line: the first is under
 * way, and the others wait until it has ended, because nothing but the order tells their answers apart.
 */
export class ConnectionRequests<Asked extends Question> {
  readonly link: Link
  readonly epoch: number
  readonly #keyed = new Map<RequestKeyReader, Map<RequestKey, Asked>>()
  /** The request without a key that is under way, or whose late answer may still come. */
  first: Asked | undefined
  readonly line = new Set<Asked>()
  /** The line is looked at again at the end of the present callback. */
  advanceDue = false

  /** For the present connection of the link. */
  constructor(link: Link) {
    this.link = link
    this.epoch = link.epoch
  }

  /** The next request of the line may be sent. */
  get mayAdvance(): boolean {
    return this.first === undefined && this.line.size > 0
  }

  get isEmpty(): boolean {
    return this.#keyed.size === 0 && this.first === undefined && this.line.size === 0
  }

  /** All that are not in line. */
  get underWay(): readonly Asked[] {
    const keyed = [...this.#keyed.values()].flatMap((byKey) => [...byKey.values()])
    return this.first === undefined ? keyed : [...keyed, this.first]
  }

  withKey(keyOf: RequestKeyReader, key: RequestKey): Asked | undefined {
    return this.#keyed.get(keyOf)?.get(key)
  }

  /** A request is sent. */
  add(request: Asked): void {
    const { keyOf, key } = request
    if (keyOf === undefined || key === undefined) {
      this.first = request
      return
    }
    const byKey = this.#keyed.get(keyOf)
    if (byKey === undefined) this.#keyed.set(keyOf, new Map([[key, request]]))
    else byKey.set(key, request)
  }

  remove(request: Asked): void {
    const { keyOf, key } = request
    if (this.first === request) this.first = undefined
    this.line.delete(request)
    if (keyOf === undefined || key === undefined) return
    const byKey = this.#keyed.get(keyOf)
    if (byKey?.get(key) !== request) return
    byKey.delete(key)
    if (byKey.size === 0) this.#keyed.delete(keyOf)
  }

  /**
   * The request that this message answers. Without a key, a message cannot answer a request that no write contains yet:
   * the peer sent it before.
   */
  answeredBy(payload: Uint8Array, keyRead: KeyRead): Asked | undefined {
    for (const [keyOf, byKey] of this.#keyed) {
      const key = keyRead(keyOf, payload)
      const request = key === undefined ? undefined : byKey.get(key)
      if (request !== undefined) return request
    }
    return this.first?.begun === true ? this.first : undefined
  }
}

/** Calls a key reader, which is foreign code. */
export type KeyRead = (keyOf: RequestKeyReader, payload: Uint8Array) => RequestKey | undefined
