import { CommloopError, DirectRouter, ExponentialBackoff } from '@commloop/core'
import type { PluginKind } from './plugin-kind.js'

/** A plugin that commloop brings along. */
export interface BuiltinPlugin {
  /** The package that it comes from. */
  readonly package: '@commloop/core' | '@commloop/transport-tcp' | '@commloop/codec-len16'
  /** The module's default export. */
  load(): Promise<unknown>
}

/** What a plain installation has. Found last, so that a version beside the configuration goes first. */
const BUILTIN: Readonly<Record<PluginKind, Readonly<Record<string, BuiltinPlugin>>>> = {
  transport: {
    tcp: {
      package: '@commloop/transport-tcp',
      load: async () => defaultOf(await import('@commloop/transport-tcp')),
    },
  },
  codec: {
    len16: {
      package: '@commloop/codec-len16',
      load: async () => defaultOf(await import('@commloop/codec-len16')),
    },
  },
  reconnect: {
    exponential: {
      package: '@commloop/core',
      load: () => Promise.resolve(exponentialPlugin),
    },
  },
  router: {
    direct: {
      package: '@commloop/core',
      load: () => Promise.resolve(directPlugin),
    },
  },
}

/** The plugin of each kind that is used where the configuration names none. */
export const STANDARD_PLUGIN = {
  transport: 'tcp',
  codec: 'len16',
  reconnect: 'exponential',
  router: 'direct',
} as const satisfies Record<PluginKind, string>

export function builtinPlugin(kind: PluginKind, name: string): BuiltinPlugin | undefined {
  return Object.hasOwn(BUILTIN[kind], name) ? BUILTIN[kind][name] : undefined
}

const exponentialPlugin = {
  kind: 'reconnect',
  name: 'exponential',
  apiVersion: 1,
  create: (options: Readonly<Record<string, unknown>>) => new ExponentialBackoff(options),
} as const

const directPlugin = {
  kind: 'router',
  name: 'direct',
  apiVersion: 1,
  create(options: Readonly<Record<string, unknown>>) {
    const [option] = Object.keys(options)
    if (option === undefined) return new DirectRouter()
    throw new CommloopError('CML_ERR_CONFIG_INVALID', `${option}: expected no options`)
  },
} as const

function defaultOf(module: object): unknown {
  return 'default' in module ? module.default : undefined
}
