export { type Check, registerChecks } from './check.js'
export {
  frameCodecChecks,
  frameCodecCompliance,
  type FrameCodecComplianceOptions,
} from './frame-codec.js'
