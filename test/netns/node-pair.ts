import { RunningNode } from '../e2e/running-node.js'
import { FAR_IP, type IsolatedNetwork, NEAR_IP } from './isolated-network.js'

const PORT = 7000

/** Two nodes on two machines: `near` dials and `far` listens. */
export interface NodePair {
  readonly near: RunningNode
  readonly far: RunningNode
}

/** `common`: lines of both configurations, such as the heartbeat. Resolves when the link is up on both sides. */
export async function startPair(network: IsolatedNetwork, common: string): Promise<NodePair> {
  const far = await RunningNode.start(
    `${common}
listen: { host: ${FAR_IP}, port: ${String(PORT)} }
links:
  - { id: peer, role: passive, ip: ${NEAR_IP} }
`,
    { within: network.within('far') },
  )
  const near = await RunningNode.start(
    `${common}
reconnect: { use: exponential, min: 50ms, initial: 50ms, max: 200ms, maxAttempts: 0 }
connectTimeout: 500ms
links:
  - { id: peer, role: active, ip: ${FAR_IP}, port: ${String(PORT)} }
`,
    { within: network.within('near') },
  )
  await near.link('peer', 'up', 1)
  await far.link('peer', 'up', 1)
  return { near, far }
}

/** How a link lost its first connection: when, by our clock, and why. */
export async function firstLoss(
  node: RunningNode,
  state: 'backoff' | 'awaiting',
): Promise<{ readonly atMs: number; readonly reason: string }> {
  const event = await node.link('peer', state, 1)
  return { atMs: performance.now(), reason: event.reason ?? '' }
}
