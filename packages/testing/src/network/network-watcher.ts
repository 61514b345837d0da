import type { PeerInfo } from '@commloop/core'
import type { CutManner } from './path-conditions.js'

/** What a network does to those who use it. */
export type NetworkFault =
  | 'split'
  | 'coalesced'
  | 'slow confirmation'
  | `cut by ${CutManner}`
  | 'reset'
  | 'fin by the network'
  | 'half-open'
  | 'found half-open'
  | 'keep-alive'
  | 'full buffer'
  | 'late callback'
  | 'dial refused'
  | 'dial unanswered'
  | 'accepted, then closed'
  | 'reset before accept'
  | 'connected to itself'
  | 'listening failed'
  | 'listening refused'
  | 'black hole'
  | 'not read'

/** Sees what a network does, for traces and for proofs that it was done. */
export interface NetworkWatcher {
  occurred(fault: NetworkFault, peer: PeerInfo): void
}

export const NOBODY_WATCHES: NetworkWatcher = { occurred: () => undefined }
