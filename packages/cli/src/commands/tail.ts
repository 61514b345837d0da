import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { UsageError } from '../command-line/usage-error.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

interface TailOptions {
  readonly hex?: boolean
  readonly json?: boolean
  readonly fields?: boolean
}

export function register(program: Command, context: CommandContext): void {
  const command = nodeCommand(program, 'tail', 'show the messages of links live, both ways')
    .argument('[link]', 'a link or an entry; default: all links')
    .option('--hex', 'payloads in hexadecimal')
    .option('--fields', 'with --json: `fields` and `body`, if the codec of the link has fields')
    .option('--json', 'one JSON object a line, for programs')
  command.action(
    context.action(async (link: string | undefined) => {
      const { hex = false, json = false, fields = false } = command.opts<TailOptions>()
      if (fields && !json)
        throw new UsageError('--fields belongs to --json: without it, tail shows fields anyway')
      const { followMessages } = await import('../running-node/follow-messages.js')
      const request = { ...nodeRequest(command, context), link, hex, json, fields }
      return { exitCode: await followMessages(request, context.process) }
    }),
  )
}
