import type { PeerInfo } from '@commloop/core'
import type { CutManner } from './path-conditions.js'

/** A fault that a network has produced. */
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

/** Receives every fault, so that traces can show it and tests can count it. */
export interface NetworkWatcher {
  occurred(fault: NetworkFault, peer: PeerInfo): void
}

export const NO_WATCHER: NetworkWatcher = { occurred: () => undefined }
