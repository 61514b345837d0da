import { type Framing, FRAMINGS } from '@commloop/framings'
import { DelimitedCodec, type DelimitedOptions } from '../src/index.js'

/** The framings with a name for which this codec does the work. */
export const DELIMITED_FRAMINGS: readonly Framing[] = FRAMINGS.filter(
  ({ codec }) => codec === 'delimited',
)

export function codecOf(
  { options }: Framing,
  more: Partial<DelimitedOptions> = {},
): DelimitedCodec {
  return new DelimitedCodec({ ...(options as unknown as DelimitedOptions), ...more })
}

/** A text, which no framing without escapes gives a meaning. */
export function textPayload(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => 0x41 + ((at * 7 + (at >> 8) + bytes) % 58))
}
