import type { ConfigProblem } from '../config/config-problem.js'
import { movedEntries } from '../config/moved-entries.js'
import type { EntryConfig, NodeConfig } from '../config/node-config.js'
import type { NodeOptions } from '../config/node-options.js'
import { resolvingOptions } from '../config/resolve-config.js'
import { sameValue } from '../config/same-value.js'
import { CommloopError } from '../contracts/errors.js'
import { codecProblem, heartbeatProblem, specOf } from '../link/link-factory.js'
import type { LinkSpec } from '../link/link-spec.js'
import { allSteps, type Steps } from '../turns/steps.js'
import type { NewPlugins, NodeSetup } from './reconfiguration.js'

/** The setup of a node, and how each entry makes its links, by the id of the entry. */
export interface PresentSetup {
  readonly setup: NodeSetup
  readonly specs: ReadonlyMap<string, LinkSpec>
}

/** The setup that a reconfiguration leads to, and the problems that prevent it. */
export interface ReconfigurationPlan extends PresentSetup {
  /** Which listeners are opened again: those whose place has changed, or all of them. */
  readonly relisten: 'none' | 'changed' | 'all'
  readonly problems: ConfigProblem[]
}

/** The plan for other options. `relisten`: open the listener again even if its address stays the same. */
export function* reconfigurationPlan(
  present: PresentSetup,
  options: NodeOptions | NodeConfig,
  plugins: NewPlugins,
  relisten: boolean,
): Steps<ReconfigurationPlan> {
  const resolved = yield* resolvingOptions(options)
  const { config } = resolved
  const problems = [...resolved.problems]
  const { codec, reconnect: strategy, router } = plugins
  const setup = {
    config,
    codec: codec ?? present.setup.codec,
    strategy: strategy ?? present.setup.strategy,
    router: router ?? present.setup.router,
  }
  const specs = yield* specSteps(config.entries, setup, present.specs)
  if (config.name !== present.setup.config.name) {
    const message = `a running node keeps its name, "${present.setup.config.name}": restart it to change that`
    problems.push({ path: ['node'], message })
  }
  problems.push(...(yield* problemSteps(specs, codecProblem)))
  problems.push(...(yield* problemSteps(specs, heartbeatProblem)))
  problems.push(...movedEntries(present.setup.config.entries, config.entries))
  yield
  const moves = !sameValue(config.listeners, present.setup.config.listeners)
  const again = relisten && config.listeners.length > 0
  return { setup, specs, relisten: again ? 'all' : moves ? 'changed' : 'none', problems }
}

/**
 * How each entry makes its links, by the id of the entry. `before`: plugins are reused if the entry did not change
 * them.
 */
export function specsOf(
  entries: readonly EntryConfig[],
  defaults: NodeSetup,
  before: ReadonlyMap<string, LinkSpec>,
): ReadonlyMap<string, LinkSpec> {
  return allSteps(specSteps(entries, defaults, before))
}

function* specSteps(
  entries: readonly EntryConfig[],
  defaults: NodeSetup,
  before: ReadonlyMap<string, LinkSpec>,
): Steps<ReadonlyMap<string, LinkSpec>> {
  const specs = new Map<string, LinkSpec>()
  for (const entry of entries) {
    specs.set(entry.id, specOf(entry, defaults, before.get(entry.id)))
    yield
  }
  return specs
}

function* problemSteps(
  specs: ReconfigurationPlan['specs'],
  problemOf: (spec: LinkSpec) => ConfigProblem | undefined,
): Steps<ConfigProblem[]> {
  const problems: ConfigProblem[] = []
  for (const spec of specs.values()) {
    const problem = problemOf(spec)
    if (problem !== undefined) problems.push(problem)
    yield
  }
  return problems
}

/** For a new node: the error of the first codec with invalid sizes; undefined: all codecs are valid. */
export function unusableCodec(specs: ReconfigurationPlan['specs']): CommloopError | undefined {
  for (const spec of specs.values()) {
    const problem = codecProblem(spec)
    if (problem === undefined) continue
    return new CommloopError('CML_ERR_PLUGIN_INVALID', `${spec.entry.id}: ${problem.message}`)
  }
  return undefined
}

export function heartbeatProblems(specs: ReconfigurationPlan['specs']): ConfigProblem[] {
  return allSteps(problemSteps(specs, heartbeatProblem))
}

/** The largest payload that any of the codecs accepts, in bytes. */
export function payloadBytesMax(specs: ReconfigurationPlan['specs']): number {
  let bytesMax = 0
  for (const { codec } of specs.values()) bytesMax = Math.max(bytesMax, codec.payloadBytesMax)
  return bytesMax
}
