import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { linkCommand } from './link-command.js'

export function register(program: Command, context: CommandContext): void {
  linkCommand(
    program,
    context,
    'close',
    'close the connection of a link; an active link is dialled again',
  )
}
