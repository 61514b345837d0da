import type { OpeningPeer } from '@commloop/core'
import { type ExchangeOptions, ExchangeOpening } from '../src/index.js'

const PEER: OpeningPeer = {
  link: 'press',
  entry: 'press',
  role: 'active',
  remote: { ip: '10.0.0.2', port: 102 },
  identities: [],
}

/** One session of an exchange, and what it has done: `sends 4f4b`, `opens`, `refuses: …`. */
export class TestExchange {
  readonly #log: string[] = []
  readonly #session

  constructor(options: ExchangeOptions) {
    this.#session = new ExchangeOpening(options).begin(PEER, {
      send: (payload) => this.#log.push(`sends ${Buffer.from(payload).toString('hex')}`),
      open: () => this.#log.push('opens'),
      refuse: (reason) => this.#log.push(`refuses: ${reason}`),
    })
  }

  get progress(): string | undefined {
    return this.#session.progress
  }

  get stays(): boolean {
    return this.#session.stays === true
  }

  /** What the session has done since the last look. */
  get log(): string[] {
    return this.#log.splice(0)
  }

  /** @returns whether the session has taken it */
  hear(payload: string | Uint8Array): boolean {
    return this.#session.received(Buffer.from(payload))
  }

  hearHex(hex: string): boolean {
    return this.hear(Buffer.from(hex, 'hex'))
  }
}
