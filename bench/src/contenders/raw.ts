import type { Socket } from 'node:net'
import type { Contender, Sending } from '../traffic/contender.js'
import type { PayloadCycle } from '../traffic/payload-cycle.js'
import { cutFrames, RawBatch } from './raw-frames.js'
import { dial, listen } from './sockets.js'

/** The ceiling: what `node:net` gives to somebody who wants nothing else. */
export const raw: Contender = {
  name: 'raw socket',
  about:
    '`node:net` by hand: fresh buffers of 128 KiB filled with frames and written once, chunks cut into `subarray` views',
  async receive(sink) {
    const port = await listen((socket) => {
      cutFrames(socket, (payload) => {
        sink.take(payload)
      })
    })
    return { port }
  },
  async send(port) {
    return new RawSending(await dial(port))
  },
}

class RawSending implements Sending {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  async send(payloads: PayloadCycle, messages: number): Promise<void> {
    const batch = new RawBatch(this.#socket)
    for (let left = messages; left > 0; left--) {
      if (!batch.add(payloads.next())) await drained(this.#socket)
    }
    if (!batch.flush()) await drained(this.#socket)
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve)
  })
}
