import { unfinishedInDecoders, unfinishedOnLinks } from '../faults/unfinished-frame.js'
import { fuzzDecoder } from '../faults/decoder-fuzz.js'
import { fuzzDelimiters } from '../faults/delimited-fuzz.js'
import { fuzzLengthFields } from '../faults/length-field-fuzz.js'
import { digits, type Figure } from './figure.js'
import { provenByTests } from './proven-by-tests.js'

const SEED = 20_260_101
/** Whole, truncated, and three kinds of invalid frames. */
const STREAM_ENDS = 5
const UNFINISHED_BYTES_MAX = 72 * 1024
const UNFINISHED_CPU_MS_MAX = 10

export const FRAMING_FIGURES: readonly Figure[] = [
  {
    id: 'B6',
    sentence:
      'The decoder reads random bytes, cut at random, exactly as a simple reference decoder does',
    target: '100,000,000 bytes, 0 differences',
    world: 'none',
    needs: undefined,
    timed: false,
    run: (size) => {
      const { bytes, frames, mismatches, ends } = fuzzDecoder({
        bytes: size === 'short' ? 2e6 : 1e8,
        seed: SEED,
      })
      const everyEnd = Object.values(ends).every((count) => count > 0)
      const counts = `${digits(bytes)} bytes, ${digits(frames)} frames`
      const differences = `${String(mismatches.length)} differences, seed ${String(SEED)}`
      const held = mismatches.length === 0 && everyEnd
      return Promise.resolve({ measured: `${counts}, ${differences}`, held })
    },
  },
  {
    id: 'B7',
    sentence: 'A stream cut at any byte by RST, FIN or a new segment yields only whole frames',
    target: 'every byte of three frames on real sockets, every split in two in the decoder, 100 %',
    world: 'real sockets',
    needs: undefined,
    timed: false,
    run: provenByTests([
      'test/faults/every-cut.test.ts',
      'packages/codec-len16/test/len16-compliance.test.ts',
      'packages/codec-len16/test/len16-decoder.test.ts',
    ]),
  },
  {
    id: 'B8',
    sentence:
      'An unfinished frame of 65,535 bytes in one-byte chunks costs the memory of the frame, not of its chunks',
    target:
      'at most 72 KiB and 10 ms of CPU time in the decoder, twice that memory on a link with its peer',
    world: 'real sockets',
    needs: undefined,
    timed: true,
    run: async (size) => {
      const decoder = await unfinishedInDecoders(size === 'short' ? 20 : 100)
      const link = await unfinishedOnLinks(size === 'short' ? 2 : 8)
      const kibibytes = (bytes: number): string => `${digits(bytes / 1024, 1)} KiB`
      const inDecoder = `${kibibytes(decoder.bytesEach)}, ${digits(decoder.cpuMsEach, 1)} ms in the decoder`
      return {
        measured: `${inDecoder}; ${kibibytes(link.bytesEach)} on a link with its peer`,
        held:
          decoder.bytesEach <= UNFINISHED_BYTES_MAX &&
          decoder.cpuMsEach <= UNFINISHED_CPU_MS_MAX &&
          link.bytesEach <= 2 * UNFINISHED_BYTES_MAX,
      }
    },
  },
  {
    id: 'B38',
    sentence:
      'The decoder of length fields reads frames, damaged frames and garbage, cut at random, exactly as a simple reference decoder does',
    target: '100,000,000 bytes in 22 framings, 0 differences',
    world: 'none',
    needs: undefined,
    timed: false,
    run: (size) => {
      const { bytes, frames, mismatches, ends } = fuzzLengthFields(
        size === 'short' ? 2e6 : 1e8,
        SEED,
      )
      const everyEnd = Object.keys(ends).length === STREAM_ENDS
      const counts = `${digits(bytes)} bytes, ${digits(frames)} frames`
      const differences = `${String(mismatches.length)} differences, seed ${String(SEED)}`
      return Promise.resolve({
        measured: `${counts}, ${differences}`,
        held: mismatches.length === 0 && everyEnd,
      })
    },
  },
  {
    id: 'B39',
    sentence:
      'The decoder of delimiters reads frames, damaged frames and garbage, cut at random, exactly as a simple reference decoder does',
    target: '100,000,000 bytes in 17 framings, 0 differences',
    world: 'none',
    needs: undefined,
    timed: false,
    run: (size) => {
      const bytesMin = size === 'short' ? 5e5 : 1e8
      const { bytes, frames, mismatches, ends } = fuzzDelimiters(bytesMin, SEED)
      const everyEnd = Object.keys(ends).length === STREAM_ENDS
      const counts = `${digits(bytes)} bytes, ${digits(frames)} frames`
      const differences = `${String(mismatches.length)} differences, seed ${String(SEED)}`
      return Promise.resolve({
        measured: `${counts}, ${differences}`,
        held: mismatches.length === 0 && everyEnd,
      })
    },
  },
]
