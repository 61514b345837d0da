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
export { expandedOptions, framingDefinition } from './framing-definition.js'
export { mbapKey, smppKey } from './keys/binary-keys.js'
export { hl7Key } from './keys/hl7-key.js'
export { isoKey, type IsoKeyOptions } from './keys/iso-key.js'
