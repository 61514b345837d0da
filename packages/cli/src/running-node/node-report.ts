import { CommloopError, type Finding, type LinkState } from '@commloop/core'
import { type NodeRequest, runningNode } from './running-node.js'

/** What a running node says of itself, as far as the doctor and the graph want to know it. */
export interface NodeReport {
  readonly pid: number
  readonly links: readonly LinkReport[]
  /** Of the audit, as it would find now. */
  readonly findings: readonly Finding[]
}

export interface LinkReport {
  readonly id: string
  readonly entry: string
  readonly state: LinkState
  /** Why its last connection or dial ended. */
  readonly reason: string | null
  /** Who is connected. */
  readonly remote: string | null
}

/**
 * Asks the running node of a configuration; undefined: none answers. The one place where these commands reach a
 * node, so that they work without one just as well.
 */
export type NodeReporter = (request: NodeRequest) => Promise<NodeReport | undefined>

/**
 * Asks by the control socket.
 *
 * @throws CommloopError where a node answers, and not with its status; CML_ERR_CONTROL_UNREACHABLE where a socket was
 * named and nobody answers at it
 */
export const askNode: NodeReporter = async (request) => {
  try {
    const client = await runningNode(request)
    return (await client.ask({ method: 'GET', path: '/v1/status' })) as NodeReport
  } catch (error) {
    const isAway = CommloopError.is(error) && error.code === 'CML_ERR_CONTROL_UNREACHABLE'
    if (isAway && request.control === undefined) return undefined
    throw error
  }
}
