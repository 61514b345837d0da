import { Dealer } from 'zeromq'
import type { PayloadCycle } from '../traffic/payload-cycle.js'
import type { End, Take, TwoWay } from '../traffic/two-way.js'
import { LOOPBACK } from './sockets.js'

export const twoWayZeromq: TwoWay = {
  name: 'zeromq.js',
  about: 'zeromq.js 6.8.0, DEALER and DEALER over TCP',
  async accept(take) {
    const dealer = new Dealer()
    await dealer.bind(`tcp://${LOOPBACK}:*`)
    const end = new DealerEnd(dealer, take)
    return { port: Number(/:(\d+)$/.exec(dealer.lastEndpoint ?? '')?.[1]), end: () => end }
  },
  dial(port, take) {
    const dealer = new Dealer()
    dealer.connect(`tcp://${LOOPBACK}:${String(port)}`)
    return Promise.resolve(new DealerEnd(dealer, take))
  },
}

class DealerEnd implements End {
  readonly #dealer: Dealer
  /** A socket accepts one `send` at a time. */
  #said = Promise.resolve()

  constructor(dealer: Dealer, take: Take) {
    this.#dealer = dealer
    void this.#read(take)
  }

  async #read(take: Take): Promise<void> {
    for await (const [payload] of this.#dealer) if (payload !== undefined) take(payload)
  }

  say(payload: Uint8Array): void {
    this.#said = this.#said.then(() => this.#dealer.send(payload))
  }

  async send(payloads: PayloadCycle, messages: number): Promise<void> {
    for (let left = messages; left > 0; left--) await this.#dealer.send(payloads.next())
  }
}
