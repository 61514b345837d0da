/**
 * A peer on real sockets that misbehaves by a script, to test commloop and other TCP programs.
 *
 * - `FaultPeer` plays a script and returns a `FaultReport`; `FaultStep` describes the steps of a script.
 * - `FAULT_SCRIPTS` are the named scripts. `faultScript(name)` finds one of them, and `script.steps(terms)` returns its
 *   steps for a commloop node (`linkTerms`) or for another TCP server (`serverTerms`).
 * - `wireFrame` and `wireHeader` encode frames without a codec, right or wrong.
 */
// `Place` and `STANDARD_SHAPE` are the former names of `Address` and `DEFAULT_SHAPE`.
export type { Address, Address as Place } from '@commloop/core'
export { FaultPeer, type FaultPeerOptions } from './fault-peer.js'
export type { FaultEvent, FaultReport } from './fault-report.js'
export type { ConnectionReport } from './peer-connection.js'
export type * from './fault-step.js'
export type { FaultScript } from './fault-script.js'
export { FAULT_SCRIPTS, faultScript } from './fault-scripts.js'
export { type LinkTerms, linkTerms, type ServerTerms, serverTerms } from './link-terms.js'
export {
  DEFAULT_SHAPE,
  DEFAULT_SHAPE as STANDARD_SHAPE,
  wireFrame,
  wireHeader,
  type WireShape,
} from './wire-shape.js'
