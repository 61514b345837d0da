import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('init')
    .description('write a commented .commlooprc')
    .option('--from <file>', 'convert a table in the older JSON format')
  command.action(
    context.action(async () => {
      const { from } = command.opts<{ from?: string }>()
      const { process } = context
      const { writeFirstConfig } = await import('../init/write-first-config.js')
      return { exitCode: await writeFirstConfig({ cwd: process.cwd(), from }, process) }
    }),
  )
}
