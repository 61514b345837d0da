export { Len16Codec } from './len16-codec.js'
export type { Len16Options } from './len16-options.js'
export { len16Codec, len16Definition as default } from './len16-definition.js'
export { framingDiagnosis, type OwnFraming } from './framing-diagnosis.js'
export { isFramedBy, type LengthLayout } from './length-layout.js'
export {
  type ForeignProtocol,
  likelyProtocol,
  tpkt,
  unmistakableProtocol,
} from './foreign-protocol.js'
