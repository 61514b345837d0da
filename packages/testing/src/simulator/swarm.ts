import type { NodeOptions } from '@commloop/core'
import type { PathConditions } from '../network/index.js'
import type { FaultName } from './fault-name.js'
import type { RouterPlan } from './hostile-router.js'

/** What a seed draws before anything happens: plain data, so that it can be printed, and changed by hand. */
export interface Swarm {
  readonly nodes: readonly NodePlan[]
  /** How it goes on every path while there are faults. */
  readonly weather: Partial<PathConditions>
  /** What is done to the network and to processes; one named more often comes more often. */
  readonly faults: readonly FaultName[]
  readonly faultEveryMs: number
  readonly operationEveryMs: number
  /** Of events, in how many a listener does something to its node, or throws. */
  readonly listenerHostility: number
  readonly traffic: TrafficPlan
  readonly strangerEveryMs: number
  /** How long the faults last. */
  readonly faultMs: number
}

export interface NodePlan {
  readonly name: string
  readonly ip: string
  readonly options: NodeOptions
  readonly router: RouterPlan
  /** Ids of links that are up when all is well. */
  readonly expectedUp: readonly string[]
}

export interface TrafficPlan {
  readonly everyMs: number
  readonly burst: number
  /** How likely a message is of more than 16 KiB. */
  readonly large: number
  readonly smallBytesMax: number
  readonly withId: number
  readonly withTtl: number
  readonly poisoned: number
  /** How likely the router decides where a message goes. */
  readonly routed: number
}
