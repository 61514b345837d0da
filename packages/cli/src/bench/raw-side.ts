import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Arrivals, PayloadCycle } from './traffic.js'
import { LOOPBACK, type SendingSide } from './sending-side.js'

/*
 * The fastest hand-written program: frames back to back in large buffers that are reused after the write, and views of the
 * received chunks. No queue limits, no reconnect, no counters.
 */

const HEADER_BYTES = 2
/** Size of one write; the same as in commloop. */
const BATCH_BYTES = 128 * 1024

/** Listens on a free port. @returns the port */
export async function receiveRaw(arrivals: Arrivals): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    cutFrames(socket, (payload) => {
      if (arrivals.take(payload)) socket.write(frameOf(payload))
    })
  })
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export async function sendRaw(port: number): Promise<SendingSide> {
  const socket = connect({ host: LOOPBACK, port, noDelay: true })
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  return new RawSide(socket)
}

class RawSide implements SendingSide {
  readonly #socket: Socket
  #buffer: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES)
  #at = 0
  /** Written buffers. Allocating a new one for each write costs the sender a fifth of its time. */
  readonly #spare: Buffer[] = []
  #answered: (echo: Uint8Array) => void = () => undefined

  constructor(socket: Socket) {
    this.#socket = socket
    cutFrames(socket, (payload) => {
      this.#answered(payload)
    })
  }

  async send(payloads: PayloadCycle, messages: number): Promise<void> {
    for (let left = messages; left > 0; left--)
      if (!this.#add(payloads.next())) await this.#drained()
    if (!this.#flush()) await this.#drained()
  }

  /** @returns false: wait for the socket to drain */
  #add(payload: Uint8Array): boolean {
    const bytes = payload.length
    const more = this.#at + HEADER_BYTES + bytes <= BATCH_BYTES || this.#flush()
    const at = this.#at
    this.#buffer[at] = bytes >>> 8
    this.#buffer[at + 1] = bytes
    this.#buffer.set(payload, at + HEADER_BYTES)
    this.#at = at + HEADER_BYTES + bytes
    return more
  }

  #flush(): boolean {
    const buffer = this.#buffer
    const full = buffer.subarray(0, this.#at)
    this.#buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES)
    this.#at = 0
    return this.#socket.write(full, () => this.#spare.push(buffer))
  }

  async #drained(): Promise<void> {
    if (this.#socket.writableNeedDrain) await once(this.#socket, 'drain')
  }

  ask(payload: Uint8Array, answered: (echo: Uint8Array) => void): void {
    this.#answered = answered
    this.#socket.write(frameOf(payload))
  }

  close(): void {
    this.#socket.destroy()
  }
}

function cutFrames(socket: Socket, take: (payload: Uint8Array) => void): void {
  let rest: Buffer | undefined
  socket.on('data', (read: Buffer) => {
    const chunk = rest === undefined ? read : Buffer.concat([rest, read])
    let at = 0
    while (chunk.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + (((chunk[at] ?? 0) << 8) | (chunk[at + 1] ?? 0))
      if (end > chunk.length) break
      take(chunk.subarray(at + HEADER_BYTES, end))
      at = end
    }
    rest = at === chunk.length ? undefined : chunk.subarray(at)
  })
}

function frameOf(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame[0] = payload.length >>> 8
  frame[1] = payload.length
  frame.set(payload, HEADER_BYTES)
  return frame
}
