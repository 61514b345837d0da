import type { LinkSpec } from '../link/link-spec.js'
import type { NodeSetup } from './reconfiguration.js'
import type { PresentSetup } from './reconfiguration-plan.js'

export type NodePhase = 'new' | 'starting' | 'running' | 'stopping' | 'stopped'

/** The state that all parts of a node share. Starting, reconfiguring and stopping change it. */
export class NodeState implements PresentSetup {
  phase: NodePhase = 'new'
  /** The setting `relay`. A plain field, because it is read for every received payload. */
  relay: boolean
  #setup: NodeSetup
  #specs: ReadonlyMap<string, LinkSpec>

  constructor(setup: NodeSetup, specs: ReadonlyMap<string, LinkSpec>) {
    this.#setup = setup
    this.#specs = specs
    this.relay = setup.config.relay
  }

  get setup(): NodeSetup {
    return this.#setup
  }

  /** How each entry makes its links, by the id of the entry. */
  get specs(): ReadonlyMap<string, LinkSpec> {
    return this.#specs
  }

  use({ setup, specs }: PresentSetup): void {
    this.#setup = setup
    this.#specs = specs
    this.relay = setup.config.relay
  }
}
