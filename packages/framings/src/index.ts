export { type Checksum, checksum, CHECKSUM_NAMES, type ChecksumName } from './checksum.js'
export { CHECKSUM_FORMS, type ChecksumForm, WrittenChecksum } from './written-checksum.js'
export { bytesText, type ChecksumPart, FrameTail, type TailPart } from './frame-tail.js'
export {
  BYTES_EXPECTED,
  configuredBytes,
  type ConfiguredBytes,
  hexBytes,
  isMap,
} from './configured-bytes.js'
export { checksumForm, readChecksum, readTail, type TailOption } from './tail-options.js'
export type { FramePart, Framing, FramingHeartbeat, FramingSample } from './framing.js'
export { framing, FRAMINGS } from './presets/framings.js'
export { codecOfFraming, expandedOptions, framingDefinition } from './framing-definition.js'
export { type CodecSpec } from './recognition/candidate.js'
export { codecText } from './recognition/codec-text.js'
export { type DecoderSource, recogniseWith } from './recognition/decoder-source.js'
export {
  type ForeignProtocol,
  likelyProtocol,
  tpkt,
  unmistakableProtocol,
} from './recognition/foreign-protocol.js'
export { framingDiagnosis } from './recognition/framing-diagnosis.js'
export {
  bestGuesses,
  type FramingGuess,
  framingsOf,
  OPENING_BYTES_MAX,
} from './recognition/framing-guess.js'
export { isFramedBy, type LengthLayout } from './recognition/length-layout.js'
export { openingText } from './recognition/opening-text.js'
export { type OwnFraming, ownFraming } from './recognition/own-framing.js'
export { differingOptions, sameOnWire } from './recognition/wire-options.js'
