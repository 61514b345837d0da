import { RunningNode } from '../e2e/running-node.js'
import { NamedNetwork } from './named-network.js'

export interface SilentNamesFigure {
  /** From the first dial of the node until it has dialled the good name. */
  readonly dialledMs: number
  /** Dials to silent names that had failed before. */
  readonly failedBefore: number
}

/** A node whose table has silent names, and after them a name that the name server knows. */
export async function silentNamesFigure(silent: number): Promise<SilentNamesFigure> {
  const network = await NamedNetwork.open({ served: { 'good.example': '127.0.0.2' } })
  const names = Array.from({ length: silent }, (_, at) => `silent${String(at)}.example`)
  const links = [...names, 'good.example'].map(
    (name) => `  - { id: ${name}, role: active, host: ${name}, port: 9 }`,
  )
  const node = await RunningNode.start(`links:\n${links.join('\n')}`, { within: network.within })
  try {
    const startedMs = performance.now()
    // Nothing listens at port 9, so the dial to the good name is refused as soon as the name has been looked up.
    await node.link('good.example', 'backoff')
    const failed = names.filter((name) => node.states(name).some((state) => /^backoff/.test(state)))
    return { dialledMs: performance.now() - startedMs, failedBefore: failed.length }
  } finally {
    node.process.kill('SIGKILL')
    network.close()
  }
}
