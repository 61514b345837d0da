import type { NodeConfig, NodeOptions } from '@commloop/core'
import type { Diagnostic } from '../read/diagnostic.js'
import type { ControlPath } from '../sections/control-section.js'
import type { MetricsPlace } from '../sections/metrics-section.js'
import type { ConfigPlugins } from './config-plugins.js'

/** A valid configuration. */
export interface LoadedConfig {
  /** The absolute path of the file. */
  readonly file: string
  /** The file relative to the working folder. */
  readonly name: string
  readonly folder: string
  /** The options of the node, as written. */
  readonly options: NodeOptions
  /** The same, with all defaults filled in and all units resolved. */
  readonly node: NodeConfig
  readonly plugins: ConfigPlugins
  readonly control: ControlPath
  /** undefined: metrics are not served by TCP. */
  readonly metrics: MetricsPlace | undefined
  /** A digest of the files that the listener reads; empty: there are none. */
  readonly listenFiles: string
  readonly warnings: readonly string[]
}

/** The result of reading a configuration file. */
export type ConfigReading =
  | { readonly ok: true; readonly config: LoadedConfig }
  | {
      readonly ok: false
      readonly file: string
      readonly problems: readonly Diagnostic[]
      readonly warnings: readonly string[]
    }
