import {
  CommloopError,
  messageText,
  optionsError,
  type PluginDefinition,
  type PluginOptions,
  type PluginSide,
  type RejectedOption,
  unknownOptionText,
} from '@commloop/core'
import type { Framing } from './framing.js'

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
      return inItsName(framing, () => codec.create(all))
    },
    compare: (dialer, acceptor) => codec.compare?.(expanded(dialer), expanded(acceptor)) ?? [],
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
  if (closed.length === 0) return { ...framing.options, ...options }
  throw optionsError(closed.map((option) => closedOption(framing, option)))
}

function closedOption({ name, codec, options, open }: Framing, option: string): RejectedOption {
  const plugin = `codec ${name}`
  if (Object.hasOwn(options, option)) {
    const problem = `fixed by this name; use: ${codec} takes every option, and "commloop codecs ${name}" prints those of ${name}`
    return { plugin, option, problem, unknown: true }
  }
  return { plugin, option, problem: unknownOptionText(option, open), unknown: true }
}

/** Messages about options name the framing, because the configuration does not contain the name of the codec. */
function inItsName<Value>({ name }: Framing, create: () => Value): Value {
  try {
    return create()
  } catch (error) {
    if (!CommloopError.is(error) || error.details?.option === undefined) throw error
    const { details } = error
    const rejected = [details, ...(details.furtherOptions ?? [])]
    throw optionsError(
      rejected.map(({ option = '', problem = messageText(error), unknownOption = false }) => {
        return { plugin: `codec ${name}`, option, problem, unknown: unknownOption }
      }),
    )
  }
}
