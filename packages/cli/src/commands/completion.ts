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
        const { printScript } = await import('../completion/shell-script.js')
        return { exitCode: printScript(shell, context.process.env, context.process) }
      }),
    )
  registerWords(program, context)
  registerFormerWords(program, context)
}

/** What the scripts call. */
function registerWords(program: Command, context: CommandContext): void {
  const command = program
    .command('completion-words', { hidden: true })
    .argument('[words...]')
    .option('--literal', 'the shell has removed quotes and backslashes')
    .option('--next', 'the words are complete, and an empty word follows')
  command.action(
    context.action(async (words: string[]) => {
      const { literal = false, next = false } = command.opts<{
        literal?: boolean
        next?: boolean
      }>()
      const { printWords } = await import('../completion/print-words.js')
      const request = { words: next ? [...words, ''] : words, literal }
      const node = nodeRequest(command, context)
      return { exitCode: await printWords(request, program, node, context.process) }
    }),
  )
}

/** What the scripts of former versions call. */
function registerFormerWords(program: Command, context: CommandContext): void {
  const command = program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
  command.action(
    context.action(async (words: string[]) => {
      const { printPlainWords } = await import('../completion/print-words.js')
      const node = nodeRequest(command, context)
      return { exitCode: await printPlainWords(words, program, node, context.process) }
    }),
  )
}
