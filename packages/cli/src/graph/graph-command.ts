import { resolveConfig } from '@commloop/core'
import type { CommandIo } from '../command-io.js'
import { loadConfig } from '../config/load-config.js'
import type { NodeReporter } from '../doctor/node-report.js'
import { EXIT } from '../exit-codes.js'
import type { NodeRequest } from '../operate/running-node.js'
import { tableGraph } from './table-graph.js'

/**
 * `commloop graph`: the table as a Mermaid diagram, with states where a node that runs answers.
 *
 * @throws CommloopError
 */
export async function graphCommand(
  request: NodeRequest,
  report: NodeReporter,
  io: CommandIo,
): Promise<number> {
  const { cwd, env, config: file } = request
  const config = await loadConfig({ cwd, env, file })
  io.stdout.write(tableGraph(resolveConfig(config.options), await report(request)))
  return EXIT.OK
}
