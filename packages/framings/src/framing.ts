import type { PluginOptions } from '@commloop/core'
import type { LayoutField } from './layout/layout-field.js'

/** How one protocol cuts a stream into frames. Its name is the name of a codec in a configuration. */
export interface Framing {
  /** Lower case, with hyphens: `modbus-tcp`. Unique among all codecs. */
  readonly name: string
  /** One line, in English and in Chinese. */
  readonly title: string
  readonly titleZh: string
  /** The codec that does the work, and the options that make it speak this protocol. */
  readonly codec: 'length-field' | 'fixed' | 'delimited'
  readonly options: PluginOptions
  /** Options that a configuration may set in addition, or instead of those above. All others are fixed by the name. */
  readonly open: readonly string[]
  /** The standard or the program that defines the framing, with its section if it has one. */
  readonly source: string
  /** Frames and the payloads that they carry. Encoding and decoding must lead from one to the other. */
  readonly samples: readonly [FramingSample, ...FramingSample[]]
  /** What peers of this protocol expect to receive at intervals, if that is the same bytes each time. */
  readonly heartbeat?: FramingHeartbeat
  /** The header of a payload, as fields. Only for a framing with `keep: header`, which has the options `fields` and `stamp`. */
  readonly layout?: readonly LayoutField[]
  /** What this framing does not do, one sentence each: openings, acknowledgements, peers that were never tried. */
  readonly notes: readonly string[]
}

/** One frame. Bytes are hexadecimal digits, with blanks between the parts of a frame. */
export interface FramingSample {
  readonly frame: string
  readonly payload: string
  /** The payload that is encoded to this frame, if it is another one than is decoded: a header yet to be filled. */
  readonly encodes?: string
  /** What the frame is, and where it comes from. */
  readonly about: string
}

/** One part of a frame, for drawings. */
export interface FramePart {
  /** What stands there: bytes in hexadecimal digits, or what they mean. */
  readonly text: string
  /** Where it begins; undefined: behind a part of varying size. */
  readonly at?: number
}

/** Payloads as hexadecimal digits. */
export interface FramingHeartbeat {
  readonly payload: string
  readonly answer?: string
  /** How often peers expect it, as a duration. */
  readonly every: string
}
