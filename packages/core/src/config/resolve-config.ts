import { type AddressPattern, parseAddressPattern } from '../address/address-pattern.js'
import { CommloopError } from '../contracts/errors.js'
import { type ConfigProblem, pathText } from './config-problem.js'
import { patternKey } from './accept-order.js'
import { entrySteps } from './entries.js'
import { readListeners } from './listeners.js'
import type { EntryConfig, ListenConfig, NodeConfig } from './node-config.js'
import type { NodeOptions } from './node-options.js'
import { allSteps, type Steps } from '../turns/steps.js'
import { OptionReader } from './option-reader.js'

const COUNT_MAX = 2 ** 31 - 1
const MIB = 1024 * 1024

/** Options that were resolved. */
export interface ResolvedOptions {
  /** Usable only if there are no problems; a wrong option has its default. */
  readonly config: NodeConfig
  /** Every mistake, in the order of the table. */
  readonly problems: readonly ConfigProblem[]
  /** What is allowed and probably not meant, in the same order. */
  readonly warnings: readonly ConfigProblem[]
}

/** Every mistake in `options`, in the order of the table; empty: `resolveConfig` will not throw. */
export function configProblems(options: NodeOptions): ConfigProblem[] {
  return [...resolveOptions(options).problems]
}

/**
 * Fills in defaults and resolves units. Returns a `NodeConfig` as it is.
 * @throws CommloopError CML_ERR_CONFIG_INVALID naming every mistake.
 */
export function resolveConfig(options: NodeOptions | NodeConfig): NodeConfig {
  const { config, problems } = resolveOptions(options)
  const error = problemsError(problems)
  if (error !== undefined) throw error
  return config
}

/** One error that names every problem; undefined: there are none. */
export function problemsError(problems: readonly ConfigProblem[]): CommloopError | undefined {
  if (problems.length === 0) return undefined
  const lines = problems.map(({ path, message }) => `${pathText(path)}: ${message}`)
  return new CommloopError('CML_ERR_CONFIG_INVALID', lines.join('\n'))
}

/**
 * `resolveConfig` and `configProblems` in one call, for a caller that reports mistakes in its own way. Returns a
 * `NodeConfig` as it is, without problems.
 */
export function resolveOptions(options: NodeOptions | NodeConfig): ResolvedOptions {
  return allSteps(resolvingOptions(options))
}

/** `resolveOptions` in steps, for a caller that must not keep the event loop for a large table: see `inSlices`. */
export function* resolvingOptions(options: NodeOptions | NodeConfig): Steps<ResolvedOptions> {
  if ('entries' in options) return { config: options, problems: [], warnings: [] }
  const reader = new OptionReader()
  const entries = yield* entrySteps(reader, options)
  const listeners = readListeners(reader, options)
  if (options.listen === undefined) checkListens(reader, listeners, entries)
  const config: NodeConfig = {
    name: options.node ?? 'commloop',
    listen: listeners[0],
    listeners,
    entries,
    probes: readProbes(reader, options.probes, entries),
    relay: options.relay ?? false,
    auditEveryMs: reader.duration(['audit', 'every'], options.audit?.every, 60_000),
    auditGraceMs: reader.duration(['audit', 'grace'], options.audit?.grace, 30_000),
    routingMessagesMax: reader.integer(['routing', 'messages'], options.routing?.messages, {
      min: 1,
      max: COUNT_MAX,
      default: 10_000,
    }),
    routingBytesMax: reader.size(['routing', 'bytes'], options.routing?.bytes, 16 * MIB),
    routerTimeoutMs: reader.duration(['routerTimeout'], options.routerTimeout, 1_000),
    deferMsMax: reader.duration(['deferMax'], options.deferMax, 60_000),
    iteratorMessagesMax: reader.integer(['iterator', 'messages'], options.iterator?.messages, {
      min: 1,
      max: COUNT_MAX,
      default: 1_024,
    }),
    iteratorBytesMax: reader.size(['iterator', 'bytes'], options.iterator?.bytes, MIB),
    dialsMax: reader.integer(['dials'], options.dials, { min: 1, max: COUNT_MAX, default: 64 }),
    stopDeadlineMs: reader.duration(['stopDeadline'], options.stopDeadline, 5_000),
    resolveEveryMs: reader.duration(['resolveEvery'], options.resolveEvery, 60_000),
  }
  const { problems, warnings } = reader
  return { config: Object.freeze(config), problems, warnings }
}

function checkListens(
  reader: OptionReader,
  listeners: readonly ListenConfig[],
  entries: readonly EntryConfig[],
): void {
  const passive = entries.find((entry) => entry.role === 'passive')
  if (listeners.length > 0 || passive === undefined) return
  reader.problem(['links', passive.index], 'a passive entry needs "listen" at the top of the file')
}

function readProbes(
  reader: OptionReader,
  written: readonly string[] = [],
  entries: readonly EntryConfig[],
): AddressPattern[] {
  return written.flatMap((text, index) => {
    const path = ['probes', index]
    const pattern = parseAddressPattern(text)
    if (typeof pattern === 'string') {
      reader.problem(path, pattern)
      return []
    }
    const key = patternKey(pattern)
    const same = entries.find(
      (entry) =>
        entry.role === 'passive' &&
        entry.patterns.some((entryPattern) => patternKey(entryPattern) === key),
    )
    if (same !== undefined) {
      const advice = 'the node cannot tell a probe from the peer. Remove one of the two'
      reader.problem(path, `entry "${same.id}" has the same addresses: ${advice}`)
    }
    return [pattern]
  })
}
