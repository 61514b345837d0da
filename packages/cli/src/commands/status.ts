import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

export function register(program: Command, context: CommandContext): void {
  const command = nodeCommand(program, 'status', 'show the state of the running node and its links')
    .option('--watch', 'live, like `top`')
    .option('--json', 'one JSON object, for programs')
  command.action(
    context.action(async () => {
      const { watch = false, json = false } = command.opts<{ watch?: boolean; json?: boolean }>()
      if (watch && json) program.error('error: --watch and --json cannot be combined')
      const request = nodeRequest(command, context)
      if (watch) {
        const { runTop } = await import('../running-node/top.js')
        return { exitCode: await runTop(request, context.process) }
      }
      const { showStatus } = await import('../running-node/show-status.js')
      return { exitCode: await showStatus({ ...request, json }, context.process) }
    }),
  )
}
