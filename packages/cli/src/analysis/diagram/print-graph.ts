import { resolveConfig } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import { loadConfig } from '@commloop/config'
import type { NodeReporter } from '../running-node/node-report.js'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../running-node/running-node.js'
import { tableGraph } from '../analysis/diagram/table-graph.js'

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
