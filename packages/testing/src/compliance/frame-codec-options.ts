import type { FrameCodec } from '@commloop/core'

/** Facts that the suite cannot get from the codec. Checks that need a missing option are reported as skipped. */
export interface FrameCodecComplianceOptions {
  /**
   * Creates the same codec with a smaller limit, at least 1 byte. The suite needs it to make frames that the codec must
   * reject, because `encode` is never called with a payload above the limit.
   */
  readonly withLimit?: (payloadBytesMax: number) => FrameCodec
  /** Beginnings of invalid streams. Decoding each must throw CML_ERR_FRAME_INVALID. */
  readonly invalid?: readonly Uint8Array[]
  /**
   * For codecs that do not carry all bytes, such as lines: a payload of exactly this size that the codec carries, also
   * one byte above its limit; undefined: it carries none of this size. Always the same answer for the same size.
   * Default: the codec carries any bytes of any size.
   */
  readonly payload?: (bytes: number) => Uint8Array | undefined
  /**
   * The size of a frame is known after at most this many of its bytes, so the decoder must reject a frame that is too
   * large by then. Default: the size of the header if the codec has one, else the suite waits for the whole frame.
   */
  readonly announcedBytes?: number
  /**
   * True: payloads that are complete in a chunk are views of it, although the codec has no `header`. A payload of 4 KiB
   * must qualify. Default: true exactly if the codec has a `header`.
   */
  readonly views?: boolean
}
