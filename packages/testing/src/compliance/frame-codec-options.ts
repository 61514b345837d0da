import type { FrameCodec } from '@commloop/core'

/** What the suite cannot find out from the codec alone. Checks that need what is missing are skipped by name. */
export interface FrameCodecComplianceOptions {
  /**
   * The same codec with a smaller limit, 1 byte or more: the only way to make frames that it must refuse, because
   * `encode` is never asked for a payload above the limit.
   */
  readonly withLimit?: (payloadBytesMax: number) => FrameCodec
  /** Beginnings of streams that no encoder makes: each must end in CML_ERR_FRAME_INVALID. */
  readonly invalid?: readonly Uint8Array[]
}
