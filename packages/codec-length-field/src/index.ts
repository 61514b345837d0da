export { LengthFieldCodec } from './length-field-codec.js'
export type {
  LengthEncoding,
  LengthFieldOptions,
  LengthOptions,
  MagicOption,
} from './length-field-options.js'
export { FixedCodec, type FixedOptions } from './fixed-codec.js'
export { fixedParts, lengthFieldParts } from './frame-parts.js'
export {
  fixedCodec,
  fixedDefinition,
  lengthFieldCodec,
  lengthFieldDefinition as default,
  lengthFieldDefinition,
} from './length-field-definition.js'
