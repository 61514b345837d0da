import type { InjectionToken } from '../di.js'

/**
 * Turns payloads into frames and back. One codec serves a whole node and holds no state of a stream; what belongs
 * to one connection lives in the decoder made for it.
 */
export interface FrameCodec {
  /** Largest payload, in bytes, header not counted. Checked before `encode`, and by the decoder. */
  readonly payloadBytesMax: number

  /** Room, in bytes, that `encode` needs for a payload of this size. */
  frameBytesMax(payloadBytes: number): number

  /**
   * Writes one whole frame into `into`, beginning at `at`, and answers where it ends. Allocates nothing. Size and
   * room were checked before. Must not throw: a copy for which it does is `undeliverable`, the batch goes on.
   */
  encode(payload: Uint8Array, into: Uint8Array, at: number): number

  /**
   * Given where a frame is a header followed by the untouched payload: large payloads then go out by reference.
   * undefined: every payload goes through `encode`.
   */
  readonly header: FrameHeader | undefined

  /** A decoder for exactly one connection: after a reconnect, take a new one. */
  createDecoder(): FrameDecoder
}

/** The part of a frame that stands before the payload. */
export interface FrameHeader {
  /** Its size in bytes, the same for every payload. */
  readonly bytes: number
  write(payloadBytes: number, into: Uint8Array, at: number): void
}

/** Cuts one byte stream into payloads. Pulled, so that a pause keeps the rest where it is. */
export interface FrameDecoder {
  /** Takes the next bytes of the stream. Only when `next` has answered undefined. */
  push(chunk: Uint8Array): void

  /**
   * The next whole payload, as a view into the chunk where it can be one; undefined: more bytes are needed.
   * @throws CommloopError CML_ERR_FRAME_INVALID or CML_ERR_FRAME_TOO_LARGE: the stream is lost, the connection
   * has to go.
   */
  next(): Uint8Array | undefined

  /** A frame has begun and is not complete. True as long as it is so: it runs the partial-frame timeout. */
  readonly midFrame: boolean

  /** The stream has ended. @throws CommloopError CML_ERR_FRAME_TRUNCATED inside a frame. */
  end(): void

  /**
   * May be left out. What the peer seems to speak instead, in words and with the setting to use; undefined: no
   * idea. Asked at most once, after the connection has ended because no frame could be made of it, and never where
   * the stream had once been in step; the answer is added to the link's reason. `opening`: the first bytes of the
   * stream, up to `FIRST_BYTES_MAX`. May look at every byte: it is never asked while a link is up.
   */
  diagnosis?(opening: Uint8Array): string | undefined
}

export const FrameCodec: InjectionToken<FrameCodec> = Symbol.for('commloop.FrameCodec')
