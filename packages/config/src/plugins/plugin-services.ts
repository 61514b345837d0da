import {
  CommloopError,
  messageText,
  type PayloadLayout,
  type PluginCheck,
  type PluginCounterpart,
  type PluginDefinition,
  type PluginMismatch,
  type PluginProblem,
  type PluginSide,
  type PluginUse,
} from '@commloop/core'
import { ignoreRejection } from './plugin-value.js'
import { originText, type ResolvedPlugin } from './resolve-plugin.js'

/*
 * Calls of the optional members of a `PluginDefinition`. A plugin may be faulty, so everything that it returns is
 * checked before a command relies on it.
 */

const NOTHING_TO_REPORT: PluginCheck = { problems: [], warnings: [] }

/** @throws CommloopError CML_ERR_PLUGIN_INVALID if `check` throws or returns something else than a `PluginCheck`. */
export function checkPlugin(plugin: ResolvedPlugin, use: PluginUse): PluginCheck {
  const { definition, options } = plugin
  if (definition.check === undefined) return NOTHING_TO_REPORT
  const result = called(plugin, 'check', () => definition.check?.(options, use))
  if (isRecord(result)) {
    const { problems, warnings } = result
    if (isListOf(problems, isProblem) && isListOf(warnings, isProblem))
      return { problems, warnings }
  }
  throw faulty(plugin, 'check() did not return { problems, warnings }')
}

/**
 * Compares the options of the two sides of a link.
 *
 * @throws CommloopError CML_ERR_CONFIG_INVALID if the plugin rejects the options of one side; CML_ERR_PLUGIN_INVALID if
 *   `compare` throws anything else, or returns something else than a list of mismatches. undefined: the plugin has no
 *   `compare`.
 */
export function compareSides(
  plugin: ResolvedPlugin,
  dialer: PluginSide,
  acceptor: PluginSide,
): readonly PluginMismatch[] | undefined {
  const { definition } = plugin
  if (definition.compare === undefined) return undefined
  const result = called(plugin, 'compare', () => definition.compare?.(dialer, acceptor))
  if (isListOf(result, isMismatch)) return result
  throw faulty(plugin, 'compare() did not return a list of { finding, message }')
}

/**
 * What the peer of this side must set for its transport.
 *
 * @throws CommloopError CML_ERR_PLUGIN_INVALID if `counterpart` throws or returns something else.
 */
export function counterpartOf(plugin: ResolvedPlugin, mine: PluginSide): PluginCounterpart {
  const { definition } = plugin
  if (definition.counterpart === undefined) return unknownCounterpart(mine)
  const result = called(plugin, 'counterpart', () => definition.counterpart?.(mine))
  if (isRecord(result)) {
    const { options, notes } = result
    if (isRecord(options) && isListOf(notes, isText)) return { options, notes }
  }
  throw faulty(plugin, 'counterpart() did not return { options, notes }')
}

function unknownCounterpart({ transportOptions }: PluginSide): PluginCounterpart {
  const names = Object.keys(transportOptions)
  const notes =
    names.length === 0 ? [] : [`our transport has ${names.join(', ')}: the peer may need that too`]
  return { options: {}, notes }
}

/**
 * The most file descriptors that these plugins may have open, without the connections of links.
 *
 * @throws CommloopError CML_ERR_PLUGIN_INVALID if `descriptors` throws or does not return a whole number from 0 on.
 */
export function descriptorsOf(plugins: Iterable<ResolvedPlugin>): number {
  let sum = 0
  for (const plugin of new Set(plugins)) {
    const { definition, options } = plugin
    if (definition.descriptors === undefined) continue
    const count = called(plugin, 'descriptors', () => definition.descriptors?.(options))
    if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
      throw faulty(plugin, 'descriptors() did not return a whole number')
    }
    sum += count
  }
  return sum
}

/**
 * The header with which the payloads of a codec begin, as fields; undefined: there is none.
 *
 * @throws CommloopError CML_ERR_PLUGIN_INVALID if `layout` throws or returns something else.
 */
export function payloadLayoutOf(plugin: ResolvedPlugin): PayloadLayout | undefined {
  const { definition, options } = plugin
  if (definition.layout === undefined) return undefined
  const layout = called(plugin, 'layout', () => definition.layout?.(options))
  if (layout === undefined || isLayout(layout)) return layout
  throw faulty(plugin, 'layout() did not return { fields, read, write, createStamp }')
}

/** CML_ERR_CONFIG_INVALID passes unchanged, because it concerns the options and not the plugin. */
function called(
  plugin: ResolvedPlugin,
  member: keyof PluginDefinition,
  call: () => unknown,
): unknown {
  try {
    const result = call()
    if (!ignoreRejection(result)) return result
  } catch (error) {
    if (CommloopError.is(error) && error.code === 'CML_ERR_CONFIG_INVALID') throw error
    throw faulty(plugin, `${member}() failed: ${messageText(error)}`, error)
  }
  throw faulty(plugin, `${member}() returned a promise, expected a result: it must not be async`)
}

function faulty(plugin: ResolvedPlugin, message: string, cause?: unknown): CommloopError {
  const text = `${originText(plugin.origin)}: ${message}`
  return new CommloopError('CML_ERR_PLUGIN_INVALID', text, cause === undefined ? {} : { cause })
}

function isProblem(value: unknown): value is PluginProblem {
  return isRecord(value) && isListOf(value['path'], isKey) && isText(value['message'])
}

function isMismatch(value: unknown): value is PluginMismatch {
  return isRecord(value) && isText(value['finding']) && isText(value['message'])
}

function isLayout(value: unknown): value is PayloadLayout {
  if (!isRecord(value) || !Array.isArray(value['fields'])) return false
  return ['read', 'write', 'createStamp'].every((member) => typeof value[member] === 'function')
}

function isKey(value: unknown): value is string | number {
  return isText(value) || typeof value === 'number'
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isListOf<Item>(
  value: unknown,
  isItem: (item: unknown) => item is Item,
): value is readonly Item[] {
  return Array.isArray(value) && value.every(isItem)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
