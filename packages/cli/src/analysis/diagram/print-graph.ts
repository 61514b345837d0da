import { loadConfig } from '@commloop/config'
import type { CommandIo } from '../../command-line/command-io.js'
import { EXIT } from '../../command-line/exit-codes.js'
import type { NodeRequest } from '../../command-line/node-command.js'
import type { NodeReporter } from '../../running-node/node-report.js'
import { tableGraph } from './table-graph.js'

/** Prints the table as a Mermaid diagram, with link states if the node is running. @throws CommloopError */
export async function printGraph(
  request: NodeRequest,
  report: NodeReporter,
  io: CommandIo,
): Promise<number> {
  const { cwd, env, config: file } = request
  const config = await loadConfig({ cwd, env, file })
  io.stdout.write(tableGraph(config.node, await report(request)))
  return EXIT.OK
}
