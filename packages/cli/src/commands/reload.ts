import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

export function register(program: Command, context: CommandContext): void {
  const command = nodeCommand(
    program,
    'reload',
    'reload the configuration of the running node; only changed links are affected',
  ).option('--json', 'one JSON object, for programs')
  command.action(
    context.action(async () => {
      const { json = false } = command.opts<{ json?: boolean }>()
      const { requestReload } = await import('../running-node/request-reload.js')
      const request = { ...nodeRequest(command, context), json }
      return { exitCode: await requestReload(request, context.process) }
    }),
  )
}
