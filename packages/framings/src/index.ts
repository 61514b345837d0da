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
export { mbapKey, smppKey } from './keys/binary-keys.js'
export { hl7Key } from './keys/hl7-key.js'
export { isoKey, type IsoKeyOptions } from './keys/iso-key.js'
export { FIELD_TYPES, type FieldType, type LayoutField } from './layout/layout-field.js'
export { Layout } from './layout/layout.js'
export { layoutOf, type NamedLayouts } from './layout/layout-of.js'
export { Stamp, STAMP_ZONES, type StampOptions, type StampZone } from './layout/stamp.js'
export {
  TELEGRAM_29,
  TELEGRAM_40,
  type Telegram29Fields,
  type Telegram40Fields,
} from './layout/telegram-layouts.js'
export { counterpartOptions } from './counterpart-options.js'
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
