import type { ConfigProblem } from '../config/config-problem.js'
import { movedEntries } from '../config/moved-entries.js'
import type { EntryConfig, NodeConfig } from '../config/node-config.js'
import type { NodeOptions } from '../config/node-options.js'
import { resolveOptions } from '../config/resolve-config.js'
import { sameValue } from '../config/same-value.js'
import { CommloopError } from '../contracts/errors.js'
import { codecProblem, heartbeatProblem, specOf } from '../link/link-factory.js'
import type { LinkSpec } from '../link/link-spec.js'
import type { NewPlugins, NodeSetup } from './reconfiguration.js'

/** What a node is made of now. */
export interface PresentSetup {
  readonly setup: NodeSetup
  readonly setups: ReadonlyMap<string, LinkSpec>
}

/** A configuration as it would be, and what speaks against it. */
export interface ReconfigurationPlan extends PresentSetup {
  /** Listening moves, or begins anew where it is. */
  readonly relistens: boolean
  readonly problems: ConfigProblem[]
}

/** What a node would be with other options; `relisten`: it is to listen anew even where it listens already. */
export function reconfigurationPlanOf(
  present: PresentSetup,
  options: NodeOptions | NodeConfig,
  plugins: NewPlugins,
  relisten: boolean,
): ReconfigurationPlan {
  const resolved = resolveOptions(options)
  const { config } = resolved
  const problems = [...resolved.problems]
  const { codec, reconnect: strategy, router } = plugins
  const setup = {
    config,
    codec: codec ?? present.setup.codec,
    strategy: strategy ?? present.setup.strategy,
    router: router ?? present.setup.router,
  }
  const setups = setupsOf(config.entries, setup, present.setups)
  if (config.name !== present.setup.config.name) {
    const message = `a running node keeps its name, "${present.setup.config.name}": restart it to change that`
    problems.push({ path: ['node'], message })
  }
  problems.push(
    ...codecProblems(setups),
    ...heartbeatProblems(setups),
    ...movedEntries(present.setup.config.entries, config.entries),
  )
  const moves = !sameValue(config.listen, present.setup.config.listen)
  const relistens = moves || (relisten && config.listen !== undefined)
  return { setup, setups, relistens, problems }
}

/** What each entry makes of its links, by its id. */
export function setupsOf(
  entries: readonly EntryConfig[],
  defaults: NodeSetup,
  before: ReadonlyMap<string, LinkSpec>,
): ReadonlyMap<string, LinkSpec> {
  return new Map(
    entries.map((entry) => [entry.id, specOf(entry, defaults, before.get(entry.id))] as const),
  )
}

function codecProblems(setups: ReconfigurationPlan['setups']): ConfigProblem[] {
  return [...setups.values()].flatMap((setup) => codecProblem(setup) ?? [])
}

/** For a node that is being made: the first codec whose sizes cannot be. */
export function unusableCodec(setups: ReconfigurationPlan['setups']): CommloopError | undefined {
  for (const setup of setups.values()) {
    const problem = codecProblem(setup)
    if (problem === undefined) continue
    return new CommloopError('CML_ERR_PLUGIN_INVALID', `${setup.entry.id}: ${problem.message}`)
  }
  return undefined
}

export function heartbeatProblems(setups: ReconfigurationPlan['setups']): ConfigProblem[] {
  return [...setups.values()].flatMap((setup) => heartbeatProblem(setup) ?? [])
}

/** What the most generous codec takes. */
export function payloadBytesMax(setups: ReconfigurationPlan['setups']): number {
  let bytesMax = 0
  for (const { codec } of setups.values()) bytesMax = Math.max(bytesMax, codec.payloadBytesMax)
  return bytesMax
}
