import { RunningNode } from '../e2e/running-node.js'
import { FAR_IP, type IsolatedNetwork } from './isolated-network.js'
import { firstLoss, type NodePair, startPair } from './node-pair.js'

/** What is lost: everything, or only what travels in one direction. */
export type Hole = 'both ways' | 'far to near' | 'near to far'

/** Milliseconds from the beginning of the hole until each side had given the connection up, and why it did. */
export interface DetectionFigure {
  readonly hole: Hole
  readonly inFlight: boolean
  readonly heartbeatMs: number
  readonly nearMs: number
  readonly farMs: number
  readonly nearReason: string
  readonly farReason: string
}

/** Cuts a pair that is up, and waits until both have noticed. `inFlight`: with data sent into the hole. */
export async function detection(
  network: IsolatedNetwork,
  pair: NodePair,
  { hole, inFlight, heartbeatMs }: Pick<DetectionFigure, 'hole' | 'inFlight' | 'heartbeatMs'>,
): Promise<DetectionFigure> {
  const startedMs = performance.now()
  if (hole !== 'far to near') network.lose('far')
  if (hole !== 'near to far') network.lose('near')
  if (inFlight) {
    pair.near.send('into the hole', { to: 'peer', id: 'near' })
    pair.far.send('into the hole', { to: 'peer', id: 'far' })
  }
  const [near, far] = await Promise.all([
    firstLoss(pair.near, 'backoff'),
    firstLoss(pair.far, 'awaiting'),
  ])
  return {
    hole,
    inFlight,
    heartbeatMs,
    nearMs: Math.round(near.atMs - startedMs),
    farMs: Math.round(far.atMs - startedMs),
    nearReason: near.reason,
    farReason: far.reason,
  }
}

/** The same from nothing: a pair with this heartbeat, which ends with it. */
export async function detectionFigure(
  network: IsolatedNetwork,
  wanted: Pick<DetectionFigure, 'hole' | 'inFlight' | 'heartbeatMs'>,
): Promise<DetectionFigure> {
  const every = String(wanted.heartbeatMs)
  const pair = await startPair(network, `heartbeat: { every: ${every}, payload: beat }`)
  try {
    return await detection(network, pair, wanted)
  } finally {
    network.heal()
    for (const node of [pair.near, pair.far]) node.process.kill('SIGKILL')
  }
}

/** Milliseconds from a dial into a black hole to its failure. */
export async function connectDeadlineFigure(
  network: IsolatedNetwork,
  timeoutMs: number,
): Promise<{ readonly timeoutMs: number; readonly tookMs: number; readonly reason: string }> {
  network.lose('far')
  const node = await RunningNode.start(
    `
connectTimeout: ${String(timeoutMs)}
links:
  - { id: peer, role: active, ip: ${FAR_IP}, port: 7000 }
`,
    { within: network.within('near') },
  )
  try {
    const dialing = await node.link('peer', 'dialing')
    const startedMs = performance.now()
    const { reason = '' } = await node.link('peer', 'backoff', dialing.epoch)
    return { timeoutMs, tookMs: Math.round(performance.now() - startedMs), reason }
  } finally {
    network.heal()
    node.process.kill('SIGKILL')
  }
}
