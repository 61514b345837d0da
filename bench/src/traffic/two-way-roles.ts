import { twoWayCommloop } from '../contenders/two-way-commloop.js'
import { twoWayNats } from '../contenders/two-way-nats.js'
import { twoWayRaw } from '../contenders/two-way-raw.js'
import { twoWayZeromq } from '../contenders/two-way-zeromq.js'
import { nowMs } from '../process/now-ms.js'
import { quantile } from '../results/summary.js'
import { PayloadCycle } from './payload-cycle.js'
import { type Arrival, Sink, type Traffic } from './sink.js'
import type { End, TwoWay } from './two-way.js'

export const TWO_WAY_ROLES = import.meta.url
export const TWO_WAYS: readonly TwoWay[] = [twoWayRaw, twoWayCommloop, twoWayZeromq, twoWayNats]

export interface Trips {
  readonly p50Us: number
  readonly p99Us: number
  readonly perSecond: number
}

type Mode = 'ignore' | 'echo' | 'sink' | 'trips'

/** One of the two processes. What it does with a message depends on the measurement. */
export class TwoWayRole {
  readonly #name: string
  #end: () => End = () => {
    throw new Error('two-way: not connected')
  }
  #port = 0
  #mode: Mode = 'ignore'
  readonly #sink = new Sink()
  #arrival: Promise<Arrival> | undefined
  #answered: (payload: Uint8Array) => void = () => undefined

  constructor(name: string) {
    this.#name = name
  }

  get #contender(): TwoWay {
    const contender = TWO_WAYS.find(({ name }) => name === this.#name)
    if (contender === undefined) throw new Error(`no contender "${this.#name}"`)
    return contender
  }

  readonly #take = (payload: Uint8Array): void => {
    if (this.#mode === 'sink') this.#sink.take(payload)
    else if (this.#mode === 'echo') this.#end().say(payload)
    else this.#answered(payload)
  }

  async accept(): Promise<number> {
    const accepting = await this.#contender.accept(this.#take)
    this.#end = () => accepting.end()
    this.#port = accepting.port
    return this.#port
  }

  async dial(port: number): Promise<void> {
    const end = await this.#contender.dial(port, this.#take)
    this.#end = () => end
  }

  echo(): void {
    this.#mode = 'echo'
  }

  expect(traffic: Traffic): void {
    this.#mode = 'sink'
    this.#arrival = this.#sink.expect(traffic)
  }

  /** @returns when it started, and when the last message of the other side arrived */
  async exchange({ payloadBytes, messages }: Traffic): Promise<{ startedMs: number } & Arrival> {
    const cycle = new PayloadCycle(payloadBytes)
    const startedMs = nowMs()
    await this.#end().send(cycle, messages)
    const arrival = await this.#arrival
    if (arrival === undefined) throw new Error('two-way: nothing is expected')
    return { startedMs, ...arrival }
  }

  /** Keeps `inFlight` messages on their way. Each reply is compared and followed by the next message. */
  async trips(payloadBytes: number, trips: number, inFlight: number): Promise<Trips> {
    const cycle = new PayloadCycle(payloadBytes)
    const end = this.#end()
    const sentMs = new Float64Array(trips)
    const tookMs = new Float64Array(trips)
    let asked = 0
    let answered = 0
    const ask = (): void => {
      const payload = cycle.at(asked % cycle.length)
      sentMs[asked++] = performance.now()
      end.say(payload)
    }
    this.#mode = 'trips'
    const startedMs = performance.now()
    await new Promise<void>((resolve, reject) => {
      this.#answered = (payload) => {
        tookMs[answered] = performance.now() - (sentMs[answered] ?? 0)
        if (Buffer.compare(payload, cycle.at(answered % cycle.length)) !== 0) {
          reject(new Error(`answer ${String(answered)} is not what was sent`))
        }
        answered++
        if (asked < trips) ask()
        else if (answered === trips) resolve()
      }
      for (let at = 0; at < Math.min(inFlight, trips); at++) ask()
    })
    const elapsedMs = performance.now() - startedMs
    const each = [...tookMs]
    return {
      p50Us: quantile(each, 0.5) * 1000,
      p99Us: quantile(each, 0.99) * 1000,
      perSecond: (trips * 1000) / elapsedMs,
    }
  }
}

export function twoWayRole(name: string): Promise<TwoWayRole> {
  return Promise.resolve(new TwoWayRole(name))
}
