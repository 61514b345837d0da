import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

export function register(program: Command, context: CommandContext): void {
  const command = nodeCommand(program, 'top', 'watch the running node live: rates, queues, dials')
  command.action(
    context.action(async () => {
      const { runTop } = await import('../running-node/top.js')
      return { exitCode: await runTop(nodeRequest(command, context), context.process) }
    }),
  )
}
