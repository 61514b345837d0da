import assert from 'node:assert/strict'
import type { FrameCodec } from '@commloop/core'
import { type Check, registerChecks } from './check.js'
import { frameCodecDecodingChecks } from './frame-codec-decoding.js'
import { frameCodecEncodingChecks } from './frame-codec-encoding.js'
import { frameCodecLimitChecks } from './frame-codec-limits.js'
import type { FrameCodecComplianceOptions } from './frame-codec-options.js'

/** Above this the suite would need more memory and time than its answers are worth. */
const PAYLOAD_BYTES_MAX = 2 ** 24

/**
 * What every FrameCodec promises. The package that implements one calls this once, with a limit of at most 16 MiB,
 * and adds golden bytes of its own: two directions that are wrong in the same way agree with each other.
 */
export function frameCodecCompliance(
  name: string,
  codec: FrameCodec,
  options: FrameCodecComplianceOptions = {},
): void {
  registerChecks(`FrameCodec compliance: ${name}`, frameCodecChecks(codec, options))
}

/** The checks behind `frameCodecCompliance`. */
export function frameCodecChecks(
  codec: FrameCodec,
  options: FrameCodecComplianceOptions = {},
): readonly Check[] {
  return [
    {
      name: 'names its limit in whole bytes',
      check: () => {
        const limit = codec.payloadBytesMax
        assert.ok(Number.isSafeInteger(limit) && limit >= 1, `payloadBytesMax: ${String(limit)}`)
        assert.ok(
          limit <= PAYLOAD_BYTES_MAX,
          'give this suite a codec with a limit of 16 MiB or less',
        )
      },
    },
    ...frameCodecEncodingChecks(codec),
    ...frameCodecDecodingChecks(codec),
    ...frameCodecLimitChecks(codec, options),
  ]
}
