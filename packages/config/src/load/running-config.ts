import { isDeepStrictEqual } from 'node:util'
import type { ConfigProblem, NodeConfig } from '@commloop/core'
import type { FileProblem } from '../read/file-problem.js'
import type { ConfigPlugins } from './config-plugins.js'
import type { LoadedConfig } from './loaded-config.js'

/** What `readConfig` needs of a running node, to read the configuration that will replace the present one. */
export interface RunningConfig {
  readonly config: LoadedConfig
  /** Why the node cannot change to this configuration without a restart. */
  problems(
    node: NodeConfig,
    plugins: ConfigPlugins,
  ): readonly ConfigProblem[] | Promise<readonly ConfigProblem[]>
}

/** Keys that cannot change while the process runs. */
export function fixedKeyProblems(
  running: LoadedConfig,
  { control, metrics, plugins }: Pick<LoadedConfig, 'control' | 'metrics'> & Partial<LoadedConfig>,
): FileProblem[] {
  const changed = {
    control: control !== running.control,
    metrics: !isDeepStrictEqual(metrics, running.metrics),
    transport: plugins !== undefined && plugins.transport !== running.plugins.transport,
  }
  return Object.entries(changed).flatMap(([key, isChanged]) =>
    isChanged
      ? [{ path: [key], message: `a running node keeps its ${key}: restart it to change that` }]
      : [],
  )
}
