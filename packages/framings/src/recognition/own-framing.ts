import type { FrameDecoder, PluginOptions } from '@commloop/core'
import { framingNameOf } from '../framing-definition.js'
import { type Candidate, candidateOf, type CodecSpec } from './candidate.js'
import { decoderSource } from './decoder-source.js'
import type { LengthLayout } from './length-layout.js'

/** What a codec knows about its own framing, so that `framingDiagnosis` can distinguish it from others. */
export interface OwnFraming {
  /**
   * Whether these bytes are frames of this codec, with its present settings. Then the peer speaks the right framing,
   * and the stream ended for another reason.
   */
  fits(opening: Uint8Array): boolean
  /**
   * What the operator can do if the peer sends frames of this layout instead: `set byteOrder: little in "codec"`. undefined,
   * or without this member: the advice is to use another codec.
   */
  advice?(layout: LengthLayout): string | undefined
  /** The codec as a configuration names it, for codecs that recognition knows. */
  readonly spec?: CodecSpec
  /** The codec that does the work, with all of its options. */
  readonly candidate?: Candidate
}

/** One frame may fit by chance; two in a row, or one that ends with the last byte, hardly do. */
const FRAMES_MIN = 2

/** The size limit, and what follows a wrong byte, say nothing about the framing. */
const NOT_FRAMING: ReadonlySet<string> = new Set(['maxPayload', 'resync'])

/** The framing of a codec that recognition knows, with the options with which it was created. */
export function ownFraming(codec: string, options: PluginOptions): OwnFraming {
  const rest = Object.fromEntries(
    Object.entries(options).filter(([option]) => !NOT_FRAMING.has(option)),
  )
  const name = framingNameOf(options)
  return {
    fits: (opening) => isFramed(decoderSource(codec)?.(rest).createDecoder(), opening),
    spec: { use: name ?? codec, options },
    candidate: candidateOf(codec, rest, name),
  }
}

/** Complete frames up to the last byte, or two complete frames and the start of another. */
function isFramed(decoder: FrameDecoder | undefined, opening: Uint8Array): boolean {
  if (decoder === undefined) return false
  let frames = 0
  try {
    decoder.push(opening.slice())
    for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
      if (payload.length > 0) frames++
    }
    return decoder.midFrame ? frames >= FRAMES_MIN : frames > 0
  } catch {
    return false
  }
}
