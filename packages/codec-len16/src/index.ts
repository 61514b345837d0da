export { Len16Codec } from './len16-codec.js'
export type { Len16Options } from './len16-options.js'
export { len16Codec, len16Definition as default } from './len16-definition.js'
// These names were here before @commloop/framings existed.
export {
  type ForeignProtocol,
  framingDiagnosis,
  isFramedBy,
  type LengthLayout,
  likelyProtocol,
  type OwnFraming,
  tpkt,
  unmistakableProtocol,
} from '@commloop/framings'
