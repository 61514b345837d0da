import {
  CommloopError,
  type ConfigProblem,
  type ErrorCode,
  messageText,
  type NodeOptions,
  pathText,
  type PluginUse,
  writtenListeners,
} from '@commloop/core'
import { checkPlugin, payloadLayoutOf } from '../plugins/plugin-services.js'
import type { ResolvedPlugin } from '../plugins/resolve-plugin.js'
import type { ConfigPath } from '../read/config-path.js'
import { type ConfigPlugins, nodePlugins } from './config-plugins.js'

/** What the plugins of a configuration have found in it. */
export interface PluginReport {
  readonly problems: readonly {
    readonly code: ErrorCode
    readonly path: ConfigPath
    readonly message: string
  }[]
  readonly warnings: readonly string[]
}

/** Lets each plugin check its part of the configuration, before anything is opened: `PluginDefinition.check`. */
export function checkPlugins(options: NodeOptions, plugins: ConfigPlugins): PluginReport {
  const { links } = options
  const problems: PluginReport['problems'][number][] = []
  const warnings: string[] = []
  for (const [plugin, path] of usesOf(plugins)) {
    try {
      const found = checkPlugin(plugin, { path, node: { links, ...listenOf(options) } })
      const code = 'CML_ERR_CONFIG_INVALID'
      problems.push(...found.problems.map((problem) => ({ code, ...problem }) as const))
      warnings.push(...found.warnings.map(warningText))
      // Nothing else asks for it before the node has started.
      payloadLayoutOf(plugin)
    } catch (error) {
      if (!CommloopError.is(error)) throw error
      problems.push({ code: error.code, path, message: messageText(error) })
    }
  }
  return { problems, warnings }
}

function listenOf({ listen }: NodeOptions): Pick<PluginUse['node'], 'listen' | 'listeners'> {
  const listeners = writtenListeners(listen).map(({ place, path }) => ({ path, options: place }))
  const [first] = listeners
  return first === undefined ? { listeners } : { listen: first.options, listeners }
}

/** A warning about one place of a configuration. */
export function warningText({ path, message }: ConfigProblem): string {
  return `${pathText(path)}: ${message}`
}

/** Each plugin with the path where it is first used. */
function usesOf({ entries, ...own }: ConfigPlugins): ReadonlyMap<ResolvedPlugin, ConfigPath> {
  const uses = new Map<ResolvedPlugin, ConfigPath>()
  for (const plugin of nodePlugins(own)) uses.set(plugin, [plugin.kind])
  for (const { entry, plugin } of entries) {
    if (!uses.has(plugin)) uses.set(plugin, ['links', entry, plugin.kind])
  }
  return uses
}
