import type { Size } from '@commloop/core'
import type { ConfiguredBytes, TailOption } from '@commloop/framings'

/**
 * Options of the codec `length-field`. Both sides of a link must agree on all but `keep`, `emptyFrames`, `resync` and
 * `maxPayload`.
 *
 *     ┌───────┬───────┬────────┬───────┬────────┬─────────┐
 *     │ preamble      │ magic  │ length│ other  │ body    │ trailer │
 *     └───────┴───────┴────────┴───────┴────────┴─────────┘
 *                     ╰──────── header ────────╯
 */
export interface LengthFieldOptions {
  /** How the length is written: the number of bytes of a binary number, or more exactly. */
  readonly length: number | LengthOptions
  /**
   * What the length counts. `body` (default): what follows the header, without the trailer. `rest`: what follows the length.
   * `itself`: the length and what follows it. `frame`: everything from the first byte of the header.
   */
  readonly counts?: 'body' | 'rest' | 'itself' | 'frame'
  /** The length is this much larger than what it counts. Default 0. */
  readonly adjust?: number
  /** Size of the header, if it continues behind the length. */
  readonly header?: number
  /** Constant bytes of the header: at its beginning, or at several places. */
  readonly magic?: ConfiguredBytes | readonly MagicOption[]
  /** What follows the body: constant bytes and checksums. */
  readonly trailer?: readonly TailOption[]
  /** How much of a frame the payload is: only its body (default), header and body, or everything. */
  readonly keep?: 'nothing' | 'header' | 'frame'
  /** A byte that may stand any number of times before a frame. */
  readonly preamble?: ConfiguredBytes
  /** What a received frame without a body is. Default `deliver`: a message. `reject` also forbids sending one. */
  readonly emptyFrames?: 'deliver' | 'reject' | 'skip'
  /** After bytes that are not a frame: close the connection (default), or look for the next frame. */
  readonly resync?: 'close' | 'hunt'
  /** Largest payload in both directions. Default 1 MiB, or what the length can express if that is less. */
  readonly maxPayload?: Size
}

export interface LengthOptions {
  /**
   * `binary` (default), `decimal` or `hex` digits, `bcd`: two decimal digits in each byte, `varint` (LEB128), `ber` (ASN.1),
   * `digits`: as many decimal digits as the number has, ended by `end`.
   */
  readonly encoding?: LengthEncoding
  /** Size on the wire; for `digits` the most digits. Not for `varint` and `ber`. */
  readonly bytes?: number
  /** Of a binary number. Default `big`. */
  readonly byteOrder?: 'big' | 'little'
  /** Where it begins in the frame. Default 0. */
  readonly offset?: number
  /** What is written on the left of `decimal` and `hex` digits. Both are read. Default `0`. */
  readonly pad?: '0' | ' ' | 0
  /** The byte behind `digits`. Default `:`. */
  readonly end?: ConfiguredBytes
  /** Where the same bytes stand a second time. */
  readonly again?: number
  /** How many bits below the number mean something else, and their value. Default 0. */
  readonly shift?: number
  readonly low?: number
  /** The bits of the number that count. Default: all. */
  readonly mask?: number
  /** A number that is not a length: a header with it is not a frame, and the decoder passes over it. */
  readonly idle?: number
}

export type LengthEncoding = 'binary' | 'decimal' | 'hex' | 'bcd' | 'varint' | 'ber' | 'digits'

export interface MagicOption {
  readonly at: number
  readonly bytes: ConfiguredBytes
}
