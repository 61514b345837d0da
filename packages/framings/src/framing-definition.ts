import {
  CommloopError,
  messageText,
  optionsError,
  type PluginDefinition,
  type PluginMismatch,
  PluginOptionReader,
  type PluginOptions,
  type PluginSide,
  type RejectedOption,
  unknownOptionText,
} from '@commloop/core'
import type { Framing } from './framing.js'
import type { Layout } from './layout/layout.js'
import { LAYOUT_OPTIONS, layoutWith } from './layout/layout-options.js'

const NAMES = new WeakMap<PluginOptions, string>()

/** The name in the configuration, if a codec was created with these options because of a framing. */
export function framingNameOf(options: PluginOptions): string | undefined {
  return NAMES.get(options)
}

/** The plugin that a framing is the name of. `codec` is the plugin that does its work. */
export function framingDefinition(
  framing: Framing,
  codec: PluginDefinition<'codec'>,
): PluginDefinition<'codec'> {
  const expanded = (side: PluginSide): PluginSide => ({
    ...side,
    options: expandedOptions(framing, side.options),
  })
  const definition: PluginDefinition<'codec'> = {
    kind: 'codec',
    name: framing.name,
    apiVersion: codec.apiVersion,
    create: (options) => {
      const all = expandedOptions(framing, options)
      NAMES.set(all, framing.name)
      const rejected: RejectedOption[] = []
      collected(framing, rejected, () => framingLayout(framing, options))
      const value = collected(framing, rejected, () => codec.create(all))
      if (value === undefined || rejected.length > 0) throw optionsError(rejected)
      return value
    },
    compare: (dialer, acceptor) => [
      ...(codec.compare?.(expanded(dialer), expanded(acceptor)) ?? []),
      ...cutMismatches(framing, dialer, acceptor),
    ],
    layout: (options) => framingLayout(framing, options),
  }
  CODECS.set(definition, codec)
  return definition
}

const CODECS = new WeakMap<PluginDefinition, PluginDefinition<'codec'>>()

/** The codec that does the work of a framing, to compare a framing with options that say the same. */
export function codecOfFraming(
  definition: PluginDefinition,
): PluginDefinition<'codec'> | undefined {
  return CODECS.get(definition)
}

/**
 * The options of the codec, for a configuration that names a framing.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for options that the name fixes, and for unknown ones
 */
export function expandedOptions(framing: Framing, options: PluginOptions): PluginOptions {
  const closed = Object.keys(options).filter((option) => !framing.open.includes(option))
  if (closed.length > 0) throw optionsError(closed.map((option) => closedOption(framing, option)))
  const own = Object.entries(options).filter(
    ([option]) => framing.layout === undefined || !isLayoutOption(option),
  )
  return { ...framing.options, ...Object.fromEntries(own) }
}

/**
 * The header of the payloads of a framing; undefined if its payloads do not begin with one.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for a mistake in `fields` or `stamp`
 */
export function framingLayout(framing: Framing, options: PluginOptions): Layout | undefined {
  const { name, layout } = framing
  if (layout === undefined) return undefined
  const reader = new PluginOptionReader(`codec ${name}`, options, Object.keys(options))
  const { keep = framing.options['keep'] } = options
  const found = keep === 'header' ? layoutWith(layout, options, reader) : undefined
  if (found === undefined) {
    for (const option of LAYOUT_OPTIONS.filter((each) => options[each] !== undefined)) {
      const problem = 'only a payload that begins with the header has fields: remove "keep"'
      reader.rejectText(option, problem)
    }
  }
  reader.throwRejected()
  return found
}

function isLayoutOption(option: string): boolean {
  return LAYOUT_OPTIONS.some((each) => each === option)
}

function cutMismatches(
  framing: Framing,
  dialer: PluginSide,
  acceptor: PluginSide,
): PluginMismatch[] {
  const [left, right] = [dialer, acceptor].map(({ options }) => {
    const fields = framingLayout(framing, options)?.fields
    return fields?.map(({ name, bytes }) => `${name} ${String(bytes)}`).join(', ')
  })
  if (left === undefined || right === undefined || left === right) return []
  const message = `the header is ${left} at ${dialer.node} and ${right} at ${acceptor.node}`
  return [{ finding: 'codec-differs', message }]
}

function closedOption({ name, codec, options, open }: Framing, option: string): RejectedOption {
  const plugin = `codec ${name}`
  if (Object.hasOwn(options, option)) {
    const problem = `fixed by this name; use: ${codec} takes every option, and "commloop codecs ${name}" prints those of ${name}`
    return { plugin, option, problem, unknown: true }
  }
  return { plugin, option, problem: unknownOptionText(option, open), unknown: true }
}

/**
 * The result, or undefined and the options that are rejected. Messages about options name the framing, because the
 * configuration does not contain the name of the codec.
 */
function collected<Value>(
  { name }: Framing,
  into: RejectedOption[],
  create: () => Value,
): Value | undefined {
  try {
    return create()
  } catch (error) {
    if (!CommloopError.is(error) || error.details?.option === undefined) throw error
    const { details } = error
    const rejected = [details, ...(details.furtherOptions ?? [])]
    into.push(
      ...rejected.map(({ option = '', problem = messageText(error), unknownOption = false }) => {
        return { plugin: `codec ${name}`, option, problem, unknown: unknownOption }
      }),
    )
    return undefined
  }
}
