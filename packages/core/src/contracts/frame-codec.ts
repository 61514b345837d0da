import type { InjectionToken } from '../di.js'

/**
 * Turns payloads into frames and back. All connections of a node share one codec, so it must not hold the state of a
 * stream. That state is in the decoder, and each connection has its own.
 */
export interface FrameCodec {
  /**
   * Largest payload in bytes, without the header. Core checks it before `encode`; the decoder checks what it receives.
   */
  readonly payloadBytesMax: number

  /** The most bytes that `encode` writes for a payload of this size. */
  frameBytesMax(payloadBytes: number): number

  /**
   * Writes one whole frame into `into`, beginning at `at`, and returns the position after its last byte. It must not
   * allocate or change the payload. Core has checked the size of the payload and the room in `into`. If it throws, this
   * copy is `undeliverable`, and the rest of the batch is written. Core also calls it when a node is configured, to find
   * out whether the codec can carry the heartbeat of each link.
   * @throws CommloopError CML_ERR_PAYLOAD_INVALID for a payload that this codec cannot carry, such as a line that
   * contains a line feed. The message names the bytes and their place. It must not throw anything else.
   */
  encode(payload: Uint8Array, into: Uint8Array, at: number): number

  /**
   * Set this if a frame is a header followed by the unchanged payload: core then writes large payloads without copying
   * them. undefined: core passes every payload to `encode`.
   */
  readonly header: FrameHeader | undefined

  /** A new decoder, for one connection only. Core calls this for each connection, also after a reconnect. */
  createDecoder(): FrameDecoder
}

/** The part of a frame before the payload. */
export interface FrameHeader {
  /** Size of the header in bytes, the same for every payload. */
  readonly bytes: number
  /** Writes the header for a payload of this size into `into`, beginning at `at`. Must not throw. */
  write(payloadBytes: number, into: Uint8Array, at: number): void
}

/** Splits one byte stream into payloads. Core pulls them with `next`; during a pause, the rest stays in the decoder. */
export interface FrameDecoder {
  /** Takes the next bytes of the stream. Core calls this only after `next` has returned undefined. */
  push(chunk: Uint8Array): void

  /**
   * The next whole payload, as a view of the chunk if possible; undefined: more bytes are needed.
   * @throws CommloopError CML_ERR_FRAME_INVALID, CML_ERR_FRAME_CHECKSUM or CML_ERR_FRAME_TOO_LARGE: the stream cannot be
   * decoded any further, and core ends the connection. The message names the bytes.
   */
  next(): Uint8Array | undefined

  /** True from the first byte of a frame until its last. The partial-frame timeout runs during this time. */
  readonly midFrame: boolean

  /** The stream has ended. @throws CommloopError CML_ERR_FRAME_TRUNCATED if it ended inside a frame. */
  end(): void

  /**
   * Optional. What a decoder has left out that continues after bytes that are not a frame. The link reads the numbers after
   * each chunk, counts what is new, and emits the warning FRAMES_DROPPED. Absent: the decoder leaves nothing out.
   */
  readonly losses?: StreamLosses

  /**
   * Optional. Says what the peer seems to speak instead, and which setting to use; undefined: unknown. Core calls this
   * at most once, when it ends a connection on which no chunk has ever ended with a whole frame, and adds the text to
   * the link's reason. It may take time, because the connection carries no more traffic.
   * @param opening the first bytes of the stream, up to `FIRST_BYTES_MAX`
   */
  diagnosis?(opening: Uint8Array): string | undefined
}

/** What a decoder has left out of its stream so far. The same object for the whole stream; its numbers only grow. */
export interface StreamLosses {
  /** Bytes that did not become part of a payload, because no frame began with them. */
  readonly skippedBytes: number
  /** Complete frames that were damaged. Their bytes may be counted in `skippedBytes` as well. */
  readonly droppedFrames: number
}

/** The key of the implementation in the container of a node. */
export const FrameCodec: InjectionToken<FrameCodec> = Symbol.for('commloop.FrameCodec')
