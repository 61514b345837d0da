import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { secondsOption } from '../command-line/seconds-option.js'

/** A link needs the minimum to come back. */
const SECONDS = { min: 4, max: 3_600, default: 12 } as const

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('demo')
    .description('run three nodes on this machine; one is killed and comes back')
    .addOption(secondsOption('how long the demo runs', SECONDS))
  command.action(
    context.action(async () => {
      const { seconds } = command.opts<{ seconds: number }>()
      const { runDemo } = await import('../demo/run-demo.js')
      return { exitCode: await runDemo(seconds * 1000, context.process) }
    }),
  )
}
