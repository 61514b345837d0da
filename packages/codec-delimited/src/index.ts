export { DelimitedCodec } from './delimited-codec.js'
export type { CheckOption, DelimitedOptions } from './delimited-options.js'
export type { EscapeName, EscapeOption } from './escape-options.js'
export { delimitedCodec, delimitedDefinition as default } from './delimited-definition.js'
