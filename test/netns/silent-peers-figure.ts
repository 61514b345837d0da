import { RunningNode } from '../e2e/running-node.js'
import { FAR_IP, type IsolatedNetwork, NEAR_IP } from './isolated-network.js'

const PORT = 7000

export interface SilentPeersFigure {
  /** For each restart of the peer that is well: from its `ready` line until its link is up again. */
  readonly upAfterMs: readonly number[]
  /** The longest delay before a dial that the node announced for this link. */
  readonly delayMsMax: number
}

/**
 * A node whose table has one peer that is well, and after it peers that do not answer: their packets are lost, as those
 * of machines that are switched off behind a router. The program of the peer that is well restarts some times.
 */
export async function silentPeersFigure(
  network: IsolatedNetwork,
  { silent, restarts }: { readonly silent: number; readonly restarts: number },
): Promise<SilentPeersFigure> {
  // The far machine does not forward packets, so it drops these.
  network.run('near', 'ip', 'route', 'add', '10.8.0.0/16', 'via', FAR_IP)
  const started: RunningNode[] = []
  const peer = async (): Promise<RunningNode> => {
    const node = await RunningNode.start(PEER, { within: network.within('far') })
    started.push(node)
    return node
  }
  try {
    let far = await peer()
    const near = await RunningNode.start(tableWith(silent), { within: network.within('near') })
    started.push(near)
    await near.link('well', 'up', 1)
    // Without a proof of life, the next connection would be on probation.
    const proved = async (messages: number): Promise<void> => {
      far.send('here', { to: 'node' })
      await near.received('well', messages)
    }
    await proved(1)
    const upAfterMs: number[] = []
    for (let epoch = 2; epoch <= restarts + 1; epoch++) {
      far.process.kill('SIGKILL')
      far = await peer()
      const readyMs = performance.now()
      await near.link('well', 'up', epoch)
      upAfterMs.push(performance.now() - readyMs)
      await proved(epoch)
    }
    const delays = near.linkEvents('well').map(({ delayMs }) => delayMs ?? 0)
    return { upAfterMs, delayMsMax: Math.max(...delays) }
  } finally {
    for (const node of started) node.process.kill('SIGKILL')
  }
}

const PEER = `
listen: { host: ${FAR_IP}, port: ${String(PORT)} }
links:
  - { id: node, role: passive, ip: ${NEAR_IP} }
`

function tableWith(silent: number): string {
  const ips = Array.from(
    { length: silent },
    (_, at) => `10.8.${String(at >> 7)}.${String((at & 127) + 1)}`,
  )
  const links = ips.map(
    (ip, at) => `  - { id: silent${String(at)}, role: active, ip: ${ip}, port: 9 }`,
  )
  return `links:
  - { id: well, role: active, ip: ${FAR_IP}, port: ${String(PORT)} }
${links.join('\n')}
`
}
