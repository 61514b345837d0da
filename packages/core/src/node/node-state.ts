import type { Address } from '../contracts/transport.js'
import type { LinkSpec } from '../link/link-spec.js'
import type { NodeSetup } from './reconfiguration.js'

export type NodePhase = 'new' | 'starting' | 'running' | 'stopping' | 'stopped'

/** What all parts of a node share, and what starting, reconfiguring and stopping change. */
export class NodeState {
  phase: NodePhase = 'new'
  setup: NodeSetup
  /** How each entry makes its links, by the id of the entry. */
  specs: ReadonlyMap<string, LinkSpec>
  /** Where the node listens: the real port, even if the configuration says 0. */
  listening: Address | undefined

  constructor(setup: NodeSetup, specs: ReadonlyMap<string, LinkSpec>) {
    this.setup = setup
    this.specs = specs
  }
}
