import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

export function register(program: Command, context: CommandContext): void {
  const command = nodeCommand(program, 'graph', 'draw the table as a Mermaid diagram')
  command.action(
    context.action(async () => {
      const { printGraph } = await import('../analysis/diagram/print-graph.js')
      const { askNode } = await import('../running-node/node-report.js')
      return { exitCode: await printGraph(nodeRequest(command, context), askNode, context.process) }
    }),
  )
}
