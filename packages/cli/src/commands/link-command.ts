import type { Command } from 'commander'
import type { LinkAction } from '../running-node/link-action.js'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

/** Adds a command that acts on one link of the running node. */
export function linkCommand(
  program: Command,
  context: CommandContext,
  action: LinkAction,
  description: string,
): void {
  const command = nodeCommand(program, action, description).argument(
    '<link>',
    'id of the link, or position of its entry in the table',
  )
  command.action(
    context.action(async (link: string) => {
      const { actOnLink } = await import('../running-node/link-action.js')
      const request = { ...nodeRequest(command, context), action, link }
      return { exitCode: await actOnLink(request, context.process) }
    }),
  )
}
