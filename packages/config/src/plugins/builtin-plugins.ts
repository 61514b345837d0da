import {
  DirectRouter,
  ExponentialBackoff,
  optionsError,
  PLUGIN_API_VERSION,
  type PluginDefinition,
  type PluginKind,
  unknownOptionText,
} from '@commloop/core'
import { framing, framingDefinition, FRAMINGS } from '@commloop/framings'

/** A plugin that is part of commloop. */
export interface BuiltinPlugin {
  readonly kind: PluginKind
  readonly name: string
  /** The package that contains it. */
  readonly package: string
  /** True for the plugin of its kind that a configuration uses if it does not name one. */
  readonly isDefault: boolean
  /** Loads the package. Called only if a configuration uses the plugin. */
  load(): Promise<PluginDefinition>
}

const exponential: PluginDefinition<'reconnect'> = {
  kind: 'reconnect',
  name: 'exponential',
  apiVersion: PLUGIN_API_VERSION,
  create: (options) => new ExponentialBackoff(options),
}

const direct: PluginDefinition<'router'> = {
  kind: 'router',
  name: 'direct',
  apiVersion: PLUGIN_API_VERSION,
  create(options) {
    const rejected = Object.keys(options).map((option) => {
      const problem = unknownOptionText(option, [])
      return { plugin: 'router direct', option, problem, unknown: true }
    })
    if (rejected.length === 0) return new DirectRouter()
    throw optionsError(rejected)
  },
}

/**
 * Loads the codecs whose decoders recognise what a peer speaks instead. They are loaded with any codec, because the diagnosis
 * of a failed connection cannot wait.
 */
async function codecFamily(): Promise<
  Readonly<
    Record<'lengthFieldDefinition' | 'fixedDefinition' | 'delimitedDefinition', PluginDefinition>
  >
> {
  const [{ lengthFieldDefinition, fixedDefinition }, { default: delimitedDefinition }] =
    await Promise.all([import('@commloop/codec-length-field'), import('@commloop/codec-delimited')])
  return { lengthFieldDefinition, fixedDefinition, delimitedDefinition }
}

/**
 * Every plugin that is part of commloop. No other code names a transport, a codec or an opening. `findPlugin` prefers a version
 * that is installed in the folder of the configuration.
 */
const BUILTIN_PLUGINS = [
  {
    kind: 'transport',
    name: 'tcp',
    package: '@commloop/transport-tcp',
    isDefault: true,
    load: async () => (await import('@commloop/transport-tcp')).default,
  },
  {
    kind: 'codec',
    name: 'len16',
    package: '@commloop/codec-len16',
    isDefault: true,
    load: async () => {
      const [{ default: len16 }] = await Promise.all([
        import('@commloop/codec-len16'),
        codecFamily(),
      ])
      return len16
    },
  },
  {
    kind: 'codec',
    name: 'length-field',
    package: '@commloop/codec-length-field',
    isDefault: false,
    load: async () => (await codecFamily()).lengthFieldDefinition,
  },
  {
    kind: 'codec',
    name: 'fixed',
    package: '@commloop/codec-length-field',
    isDefault: false,
    load: async () => (await codecFamily()).fixedDefinition,
  },
  {
    kind: 'codec',
    name: 'delimited',
    package: '@commloop/codec-delimited',
    isDefault: false,
    load: async () => (await codecFamily()).delimitedDefinition,
  },
  {
    kind: 'reconnect',
    name: 'exponential',
    package: '@commloop/core',
    isDefault: true,
    load: () => Promise.resolve(exponential),
  },
  {
    kind: 'opening',
    name: 'exchange',
    package: '@commloop/opening-exchange',
    isDefault: false,
    load: async () => (await import('@commloop/opening-exchange')).default,
  },
  {
    kind: 'router',
    name: 'direct',
    package: '@commloop/core',
    isDefault: true,
    load: () => Promise.resolve(direct),
  },
] as const satisfies readonly BuiltinPlugin[]

type DefaultPlugins = {
  readonly [
    Row in (typeof BUILTIN_PLUGINS)[number] as Row['isDefault'] extends true ? Row['kind'] : never
  ]: string
}

/** The name of the plugin that a configuration uses if it does not name one, by kind. */
export const DEFAULT_PLUGINS = Object.fromEntries(
  rows()
    .filter(({ isDefault }) => isDefault)
    .map(({ kind, name }) => [kind, name]),
) as DefaultPlugins

/** Kinds of which every node has a plugin, because there is a default. */
export type DefaultedKind = keyof DefaultPlugins

/** The built-in plugin with this name; undefined if there is none. */
export function builtinPlugin(kind: PluginKind, name: string): BuiltinPlugin | undefined {
  const own = rows().find((plugin) => plugin.kind === kind && plugin.name === name)
  return own ?? (kind === 'codec' ? namedFraming(name) : undefined)
}

/** The names of all built-in plugins of a kind: the general ones, and then those of known protocols. */
export function builtinNames(kind: PluginKind): readonly string[] {
  const own = rows().filter((plugin) => plugin.kind === kind)
  const framings = kind === 'codec' ? FRAMINGS : []
  return [...own, ...framings].map(({ name }) => name)
}

/** A framing is a codec with other options, under a name of its own. */
function namedFraming(name: string): BuiltinPlugin | undefined {
  const found = framing(name)
  if (found === undefined) return undefined
  const codec = rows().find((plugin) => plugin.kind === 'codec' && plugin.name === found.codec)
  if (codec === undefined) return undefined
  return {
    ...codec,
    name,
    isDefault: false,
    load: async () => {
      return framingDefinition(found, (await codec.load()) as PluginDefinition<'codec'>)
    },
  }
}

function rows(): readonly BuiltinPlugin[] {
  return BUILTIN_PLUGINS
}
