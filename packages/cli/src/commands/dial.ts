import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { linkCommand } from './link-command.js'

export function register(program: Command, context: CommandContext): void {
  linkCommand(
    program,
    context,
    'dial',
    'dial a link now; an exhausted link starts a new round of attempts',
  )
}
