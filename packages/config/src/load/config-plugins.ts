import type { ErrorCode } from '@commloop/core'
import type { ResolvedPlugin } from '../plugins/resolve-plugin.js'
import type { ConfigPath } from '../read/config-path.js'

/** Every plugin that a configuration asks for. */
export interface ConfigPlugins {
  readonly transport: ResolvedPlugin<'transport'>
  readonly codec: ResolvedPlugin<'codec'>
  readonly reconnect: ResolvedPlugin<'reconnect'>
  readonly router: ResolvedPlugin<'router'>
  /** What entries have in place of the node's own; the same spec has the same value. */
  readonly entries: readonly EntryPlugin[]
}

export interface EntryPlugin {
  /** Position in the table. */
  readonly entry: number
  readonly plugin: ResolvedPlugin<'codec' | 'reconnect'>
}

export interface PluginProblem {
  readonly code: ErrorCode
  readonly path: ConfigPath
  readonly message: string
  /** The key is the mistake, not its value. */
  readonly isKey: boolean
}
