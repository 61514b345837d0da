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
}
