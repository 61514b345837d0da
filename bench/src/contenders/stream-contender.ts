import type { Duplex, Writable } from 'node:stream'
import type { Contender, Sending } from '../traffic/contender.js'
import type { PayloadCycle } from '../traffic/payload-cycle.js'
import { dial, listen } from './sockets.js'

/** A framing library with two transform streams: one is piped into a socket, a socket is piped into the other. */
export function streamContender(
  name: string,
  about: string,
  streams: { encode(): Duplex; decode(): Duplex },
): Contender {
  return {
    name,
    about,
    async receive(sink) {
      const port = await listen((socket) => {
        socket.pipe(streams.decode()).on('data', (payload: Uint8Array) => {
          sink.take(payload)
        })
      })
      return { port }
    },
    async send(port) {
      const encoder = streams.encode()
      encoder.pipe(await dial(port))
      return new StreamSending(encoder)
    },
  }
}

class StreamSending implements Sending {
  readonly #stream: Writable

  constructor(stream: Writable) {
    this.#stream = stream
  }

  async send(payloads: PayloadCycle, messages: number): Promise<void> {
    for (let left = messages; left > 0; left--) {
      if (this.#stream.write(payloads.next())) continue
      await new Promise<void>((resolve) => {
        this.#stream.once('drain', resolve)
      })
    }
  }
}
