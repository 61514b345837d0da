import { contenderNamed } from '../contenders/all.js'
import { nowMs } from '../process/now-ms.js'
import { processCpuMs } from '../process/processor-time.js'
import type { Receiving, Sending } from './contender.js'
import { PayloadCycle } from './payload-cycle.js'
import { type Arrival, Sink, type Traffic } from './sink.js'

/** The module itself, for `Child.start`. */
export const ONE_WAY_ROLES = import.meta.url

/** The receiving process of a contender. */
export class Receiver {
  readonly #receiving: Receiving
  readonly #sink: Sink
  #arrival: Promise<Arrival> | undefined

  constructor(receiving: Receiving, sink: Sink) {
    this.#receiving = receiving
    this.#sink = sink
  }

  port(): number {
    return this.#receiving.port
  }

  async expect(traffic: Traffic): Promise<void> {
    const foreign = await this.#receiving.expect?.(traffic)
    this.#arrival = foreign?.arrival ?? this.#sink.expect(traffic)
  }

  cpuMs(): number {
    return processCpuMs()
  }

  arrival(): Promise<Arrival> {
    if (this.#arrival === undefined) throw new Error('receiver: nothing is expected')
    return this.#arrival
  }
}

/** The sending process. */
export class Sender {
  readonly #sending: Sending
  #payloads: PayloadCycle | undefined
  #payloadBytes = 0

  constructor(sending: Sending) {
    this.#sending = sending
  }

  cpuMs(): number {
    return processCpuMs()
  }

  /** @returns when it started, by the clock of the machine */
  async send({ payloadBytes, messages }: Traffic): Promise<number> {
    if (this.#payloads === undefined || payloadBytes !== this.#payloadBytes) {
      this.#payloads = new PayloadCycle(payloadBytes)
      this.#payloadBytes = payloadBytes
    }
    this.#payloads.rewind()
    const startedMs = nowMs()
    await this.#sending.send(this.#payloads, messages)
    return startedMs
  }
}

export async function receiver(contender: string): Promise<Receiver> {
  const sink = new Sink()
  return new Receiver(await contenderNamed(contender).receive(sink), sink)
}

export async function sender(contender: string, port: number): Promise<Sender> {
  return new Sender(await contenderNamed(contender).send(port))
}
