import type { Finding, LinkState } from '@commloop/core'

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

/** Where a node cannot be asked. */
export const noNodeReport: NodeReporter = () => Promise.resolve(undefined)
