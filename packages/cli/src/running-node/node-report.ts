import type { LinkStatus } from '@commloop/control'
import { CommloopError, type Finding, type LinkState, type ReasonCode } from '@commloop/core'
import type { NodeRequest } from '../command-line/node-command.js'
import { runningNode } from './running-node.js'

/** The part of a node's status that the doctor and the graph use. */
export interface NodeReport {
  readonly pid: number
  readonly links: readonly LinkReport[]
  /** The findings of the audit at this moment. */
  readonly findings: readonly Finding[]
}

export interface LinkReport {
  readonly id: string
  readonly entry: string
  readonly state: LinkState
  /** Why the last connection or dial ended. */
  readonly reason: string | null
  /** The code of `reason`. A node of an older version does not report it. */
  readonly reasonCode?: ReasonCode | null
  /** The address of the connected peer. */
  readonly remote: string | null
  /** What the link waits for. A node of an older version does not report it. */
  readonly waiting?: LinkStatus['waiting']
  /** Dials since the last proof of life. */
  readonly attempt?: number
  readonly counters?: Pick<LinkStatus['counters'], 'written' | 'receivedBytes'>
}

/**
 * Asks the running node of a configuration. Resolves with undefined if no node answers, because these commands also
 * work without a running node.
 */
export type NodeReporter = (request: NodeRequest) => Promise<NodeReport | undefined>

/**
 * Asks the node through its control socket.
 *
 * @throws CommloopError if a node answers with an error; CML_ERR_CONTROL_UNREACHABLE if no node answers at the socket
 *   given with `--control`
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
