import { DelimitedCodec, type DelimitedOptions } from '@commloop/codec-delimited'
import { runCampaign } from '@commloop/testing'
import { expect, it } from 'vitest'

const SEEDS = 12

/** A text, which no delimiter is part of. */
function text(bytes: number): Uint8Array | undefined {
  if (bytes === 0 || bytes > 65_536) return undefined
  return Uint8Array.from({ length: bytes }, (_, at) => 0x20 + ((at * 7 + bytes) % 90))
}

it.each<[string, DelimitedOptions]>([
  ['MLLP', { start: { hex: '0b' }, end: { hex: '1c0d' } }],
  ['lines', { end: ['\n', '\r\n'] }],
  [
    'escaped frames with a checksum that hunt',
    {
      start: { hex: '7e' },
      end: { hex: '7e' },
      escape: 'hdlc',
      check: { checksum: 'crc-16/ibm-sdlc' },
      resync: 'hunt',
    },
  ],
])('nodes recover from every fault with %s', async (_, options) => {
  const { failures, messages } = await runCampaign({
    codec: new DelimitedCodec(options),
    payload: text,
    from: 0,
    seeds: SEEDS,
  })
  expect(failures).toEqual([])
  expect(messages).toBeGreaterThan(1_000)
})
