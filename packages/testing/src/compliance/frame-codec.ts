import assert from 'node:assert/strict'
import type { FrameCodec } from '@commloop/core'
import { type Check, registerChecks } from './check.js'
import { CodecUnderTest } from './codec-under-test.js'
import { frameCodecDecodingChecks } from './frame-codec-decoding.js'
import { frameCodecEncodingChecks } from './frame-codec-encoding.js'
import { frameCodecLimitChecks } from './frame-codec-limits.js'
import type { FrameCodecComplianceOptions } from './frame-codec-options.js'

/** Above this limit the suite would need too much memory and time. */
const PAYLOAD_BYTES_MAX = 2 ** 24

/**
 * Registers the tests that every FrameCodec must pass. Call it with a codec whose limit is at most 16 MiB. Also test
 * some known bytes: the suite cannot notice if encoder and decoder are wrong in the same way.
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
  const subject = new CodecUnderTest(codec, options)
  return [
    {
      name: 'has a limit that is a whole number of bytes',
      check: () => {
        const limit = codec.payloadBytesMax
        assert.ok(Number.isSafeInteger(limit) && limit >= 1, `payloadBytesMax: ${String(limit)}`)
        assert.ok(
          limit <= PAYLOAD_BYTES_MAX,
          'give this suite a codec with a limit of 16 MiB or less',
        )
      },
    },
    ...frameCodecEncodingChecks(subject),
    ...frameCodecDecodingChecks(subject),
    ...frameCodecLimitChecks(subject),
  ]
}
