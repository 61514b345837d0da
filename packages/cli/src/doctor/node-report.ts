import { CommloopError, type Finding, type LinkState } from '@commloop/core'
import { runningNode } from '../operate/running-node.js'

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

export interface NodeReportRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file named with `--config`. */
  readonly config?: string | undefined
}

/**
 * Asks the running node of a configuration; undefined: none answers. The one place where these commands reach a
 * node, so that they work without one just as well.
 */
export type NodeReporter = (request: NodeReportRequest) => Promise<NodeReport | undefined>

/** Asks by the control socket. @throws CommloopError where a node answers, and not with its status */
export const askNode: NodeReporter = async (request) => {
  try {
    const client = await runningNode(request)
    return (await client.ask({ method: 'GET', path: '/v1/status' })) as NodeReport
  } catch (error) {
    if (CommloopError.is(error) && error.code === 'CML_ERR_CONTROL_UNREACHABLE') return undefined
    throw error
  }
}
