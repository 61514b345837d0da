import type { HeartbeatOptions } from '@commloop/core'
import type { PayloadOfSize } from './message-stamp.js'
import type { Swarm } from './swarm.js'

/** Sizes up to this are tried. */
const HEARTBEAT_BYTES_MAX = 65_536

/**
 * The swarm with heartbeats that the codec carries. They differ from every message, because the stamp of a message
 * replaces the end of such a payload.
 */
export function withCarriedHeartbeats(swarm: Swarm, payloadOf: PayloadOfSize): Swarm {
  const nodes = swarm.nodes.map((plan) => {
    const { heartbeat } = plan.options
    if (heartbeat === undefined || heartbeat === 'off' || 'echo' in heartbeat) return plan
    return {
      ...plan,
      options: { ...plan.options, heartbeat: carriedHeartbeat(heartbeat, payloadOf) },
    }
  })
  return { ...swarm, nodes }
}

function carriedHeartbeat(
  { every, answer: wanted }: HeartbeatOptions,
  payloadOf: PayloadOfSize,
): HeartbeatOptions {
  const payload = nextCarried(0, payloadOf)
  if (payload === undefined) throw new Error('simulation: the codec carries no heartbeat')
  const answer = wanted === undefined ? undefined : nextCarried(payload.length + 1, payloadOf)
  return { every, payload, ...(answer === undefined ? {} : { answer }) }
}

function nextCarried(from: number, payloadOf: PayloadOfSize): Uint8Array | undefined {
  for (let bytes = from; bytes <= HEARTBEAT_BYTES_MAX; bytes++) {
    const payload = payloadOf(bytes)
    if (payload !== undefined) return payload
  }
  return undefined
}
