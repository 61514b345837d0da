export { Len16Codec } from './len16-codec.js'
export type { Len16Options } from './len16-options.js'
export { len16Codec, len16Plugin as default } from './len16-plugin.js'
