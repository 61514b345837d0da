import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

export function register(program: Command, context: CommandContext): void {
  const command = nodeCommand(program, 'tail', 'show the messages of links live, both ways')
    .argument('[link]', 'a link or an entry; default: all links')
    .option('--hex', 'payloads in hexadecimal')
    .option('--json', 'one JSON object a line, for programs')
  command.action(
    context.action(async (link: string | undefined) => {
      const { hex = false, json = false } = command.opts<{ hex?: boolean; json?: boolean }>()
      const { followMessages } = await import('../running-node/follow-messages.js')
      const request = { ...nodeRequest(command, context), link, hex, json }
      return { exitCode: await followMessages(request, context.process) }
    }),
  )
}
