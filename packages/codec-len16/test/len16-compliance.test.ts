import { frameCodecCompliance } from '@commloop/testing/compliance'
import { Len16Codec, type Len16Options } from '../src/index.js'

function comply(name: string, options: Len16Options, invalid: readonly string[]): void {
  frameCodecCompliance(name, new Len16Codec(options), {
    withLimit: (maxPayload) => new Len16Codec({ ...options, maxPayload }),
    invalid: invalid.map((hex) => Buffer.from(hex, 'hex')),
  })
}

comply('len16', {}, [])
comply('len16, little endian', { byteOrder: 'little' }, [])
comply('len16, header counted', { lengthIncludesHeader: true }, ['0000', '0001'])
