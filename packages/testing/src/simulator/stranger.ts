import type { Connection, ConnectionHandler, Transport } from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { SimulatedParts } from './simulated-process.js'
import { PORT } from './swarm-tables.js'
import type { World } from './world.js'

/** One address in the range of the network and one outside of it; neither runs a node. */
const ADDRESSES = ['10.0.0.200', '10.9.9.9']
const BYTES_MAX = 400

/** A program that is not a node: it connects, may send something, and closes the connection in some way. */
export class Stranger {
  readonly #world: World
  readonly #random: SeededRandom
  readonly #parts: SimulatedParts
  readonly #transports: readonly Transport[]

  constructor(world: World, parts: SimulatedParts, random: SeededRandom) {
    this.#world = world
    this.#parts = parts
    this.#random = random
    this.#transports = ADDRESSES.map((ip) => world.network.host(ip))
  }

  visit(ip: string): void {
    const target = { ip, port: PORT, bind: undefined, timeoutMs: 2_000, options: {} }
    this.#random.pick(this.#transports).dial(target, {
      opened: (connection) => this.#opened(connection),
      failed: () => undefined,
    })
  }

  #opened(connection: Connection): ConnectionHandler {
    const { clock } = this.#world
    const after = (msMax: number, callback: () => void): void => {
      clock.after(this.#random.between(1, msMax), callback)
    }
    let ended = false
    const leave = (): void => {
      ended = true
      connection.end()
    }
    const leaves = this.#random.pick(['fin', 'reset', 'late'])
    after(100, () => {
      connection.setReading(this.#random.chance(0.7))
      if (!ended) connection.write([this.#bytes()])
    })
    if (leaves === 'fin') after(1_000, leave)
    after(leaves === 'reset' ? 1_000 : 10_000, () => {
      connection.destroy()
    })
    return {
      received: () => undefined,
      written: () => undefined,
      ended: () => {
        after(50, leave)
      },
      closed: () => undefined,
    }
  }

  /** A complete frame, the beginning of a frame, or random bytes. */
  #bytes(): Uint8Array {
    const noise = Uint8Array.from({ length: 1 + this.#random.int(BYTES_MAX) }, () =>
      this.#random.int(256),
    )
    if (this.#random.chance(0.3)) return noise
    const { codec, payload } = this.#parts
    const sent = payload === undefined ? noise : payload(noise.byteLength)
    if (sent === undefined) return noise
    const frame = new Uint8Array(codec.frameBytesMax(sent.byteLength))
    const end = codec.encode(sent, frame, 0)
    return frame.subarray(0, this.#random.chance(0.5) ? end : 1 + this.#random.int(end))
  }
}
