import type { Socket } from 'node:net'
import type { End, TwoWay } from '../traffic/two-way.js'
import { RawSending } from './raw.js'
import { cutFrames, frameOf, RawBatch } from './raw-frames.js'
import { dial, listen } from './sockets.js'

export const twoWayRaw: TwoWay = {
  name: 'raw socket',
  about: 'plain `node:net`; a single message is one buffer and one write',
  async accept(take) {
    let end: End | undefined
    const port = await listen((socket) => {
      end = new RawEnd(socket)
      cutFrames(socket, take)
    })
    return {
      port,
      end: () => {
        if (end === undefined) throw new Error('raw: no connection was accepted')
        return end
      },
    }
  },
  async dial(port, take) {
    const socket = await dial(port)
    cutFrames(socket, take)
    return new RawEnd(socket)
  },
}

class RawEnd extends RawSending implements End {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super(new RawBatch(socket))
    this.#socket = socket
  }

  say(payload: Uint8Array): void {
    this.#socket.write(frameOf(payload))
  }
}
