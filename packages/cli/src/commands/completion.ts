import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeRequest } from '../command-line/node-command.js'

export function register(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('print the shell script that completes commands, options and links')
    .argument('[shell]', 'bash, zsh, fish or powershell; default: the one of SHELL')
    .action(
      context.action(async (shell: string | undefined) => {
        const { printScript } = await import('../completion/shell-completion.js')
        return { exitCode: printScript(shell, context.process.env) }
      }),
    )
  const complete = program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
  complete.action(
    context.action(async (words: string[]) => {
      const { offerWords } = await import('../completion/shell-completion.js')
      const request = nodeRequest(complete, context)
      return { exitCode: await offerWords(words, program, request) }
    }),
  )
}
