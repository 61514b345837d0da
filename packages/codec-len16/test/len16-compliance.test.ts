import {
  frameCodecCompliance,
  type FrameCodecComplianceOptions,
} from '@commloop/testing/compliance'
import { Len16Codec, type Len16Options } from '../src/index.js'

function comply(
  name: string,
  options: Len16Options,
  invalid: readonly string[],
  payload?: FrameCodecComplianceOptions['payload'],
): void {
  frameCodecCompliance(name, new Len16Codec(options), {
    withLimit: (maxPayload) => new Len16Codec({ ...options, maxPayload }),
    invalid: invalid.map((hex) => Buffer.from(hex, 'hex')),
    ...(payload === undefined ? {} : { payload }),
  })
}

comply('len16', {}, [])
comply('len16, little endian', { byteOrder: 'little' }, [])
comply('len16, header counted', { lengthIncludesHeader: true }, ['0000', '0001'])
comply('len16, empty frames rejected', { emptyFrames: 'reject' }, ['0000'], (bytes) =>
  bytes === 0 ? undefined : Uint8Array.from({ length: bytes }, (_, at) => at * 7 + bytes),
)
