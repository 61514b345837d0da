import type { NodeOptions } from '@commloop/core'
import type { PathConditions } from '../network/index.js'
import type { FaultName } from './fault-name.js'
import type { OpeningPlan } from './simulated-opening.js'
import type { RouterPlan } from './hostile-router.js'

/** What a seed draws before the run: plain data, so that it can be printed and changed. */
export interface Swarm {
  readonly nodes: readonly NodePlan[]
  /** The conditions of all paths during the faults. */
  readonly weather: Partial<PathConditions>
  /** The faults of the network and of processes. If one is listed twice, it occurs twice as often. */
  readonly faults: readonly FaultName[]
  readonly faultEveryMs: number
  readonly operationEveryMs: number
  /** Probability that a listener of an event calls its node, or throws. */
  readonly listenerHostility: number
  readonly traffic: TrafficPlan
  /** undefined: the nodes only send messages. */
  readonly requests?: RequestPlan
  readonly strangerEveryMs: number
  /** How long the faults last, in milliseconds. */
  readonly faultMs: number
}

/** One node of a swarm. */
export interface NodePlan {
  readonly name: string
  readonly ip: string
  readonly options: NodeOptions
  /** undefined: messages pass as soon as a link is ready. */
  readonly opening?: OpeningPlan | undefined
  readonly router: RouterPlan
  /** Ids of the links that are up without faults. */
  readonly expectedUp: readonly string[]
}

/** The traffic of a swarm. Intervals in milliseconds, probabilities from 0 to 1. */
export interface TrafficPlan {
  readonly everyMs: number
  readonly burst: number
  /** Probability that a message is larger than 16 KiB. */
  readonly large: number
  readonly smallBytesMax: number
  readonly withId: number
  readonly withTtl: number
  readonly poisoned: number
  /** Probability that the router decides where a message goes. */
  readonly routed: number
}

/** The requests of a swarm, and how they are answered. Probabilities from 0 to 1. */
export interface RequestPlan {
  /** Probability that a request is made with a burst of messages. */
  readonly withBurst: number
  /** The most requests that are made at the same time. */
  readonly burst: number
  readonly timeoutMsMax: number
  /** Probability that a request has a key. */
  readonly keyed: number
  readonly aborted: number
  /** Probabilities that an answer comes later than at once, never or twice. */
  readonly delayed: number
  readonly never: number
  readonly doubled: number
  /** Probability that an answer may also use a later connection than that of its request. */
  readonly overAnyConnection: number
}
