import type { FrameCodec, FrameDecoder, FrameHeader } from '@commloop/core'
import type { World } from './world.js'

/** The codec under test. It checks what is encoded, and throws for poisoned messages. */
export class WatchedCodec implements FrameCodec {
  readonly payloadBytesMax: number
  readonly header: FrameHeader | undefined
  readonly #codec: FrameCodec
  readonly #world: World
  readonly #node: string

  constructor(codec: FrameCodec, world: World, node: string) {
    this.#codec = codec
    this.#world = world
    this.#node = node
    this.payloadBytesMax = codec.payloadBytesMax
    this.header = codec.header
  }

  frameBytesMax(payloadBytes: number): number {
    return this.#codec.frameBytesMax(payloadBytes)
  }

  encode(payload: Uint8Array, into: Uint8Array, at: number): number {
    const message = this.#world.book.claimed(payload)
    if (message !== undefined && message.origin === this.#node) {
      if (message.expiresAtMs < this.#world.clock.now()) {
        const text = `wrote message ${String(message.number)} after its TTL`
        this.#world.violated(this.#node, text)
      }
      if (message.poisoned) throw new Error('simulated: this payload cannot be encoded')
      message.encoded = true
    }
    return this.#codec.encode(payload, into, at)
  }

  createDecoder(): FrameDecoder {
    return this.#codec.createDecoder()
  }
}
