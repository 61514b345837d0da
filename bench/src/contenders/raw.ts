import type { Contender, Sending } from '../traffic/contender.js'
import type { PayloadCycle } from '../traffic/payload-cycle.js'
import { cutFrames, RawBatch } from './raw-frames.js'
import { dial, drained, listen } from './sockets.js'

/** The ceiling: `node:net` without anything else. */
export const raw: Contender = {
  name: 'raw socket',
  about:
    'plain `node:net`: buffers of 128 KiB filled with frames, written once and reused; chunks cut into `subarray` views',
  async receive(sink) {
    const port = await listen((socket) => {
      cutFrames(socket, (payload) => {
        sink.take(payload)
      })
    })
    return { port }
  },
  async send(port) {
    return new RawSending(new RawBatch(await dial(port)))
  },
}

export class RawSending implements Sending {
  readonly #batch: RawBatch

  constructor(batch: RawBatch) {
    this.#batch = batch
  }

  async send(payloads: PayloadCycle, messages: number): Promise<void> {
    const batch = this.#batch
    for (let left = messages; left > 0; left--) {
      if (!batch.add(payloads.next())) await drained(batch.socket)
    }
    if (!batch.flush()) await drained(batch.socket)
  }
}
