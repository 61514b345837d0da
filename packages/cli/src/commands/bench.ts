import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { secondsOption } from '../command-line/seconds-option.js'

const SECONDS = { min: 0.1, max: 60, default: 1 } as const

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('bench')
    .description('measure two nodes on this machine, next to a raw socket')
    .addOption(secondsOption('how long each workload is measured for each of the two', SECONDS))
    .option('--json', 'one JSON object, for programs')
  command.action(
    context.action(async () => {
      const { seconds, json = false } = command.opts<{ seconds: number; json?: boolean }>()
      const { runBench } = await import('../bench/run-bench.js')
      return { exitCode: await runBench({ seconds, json }, context.process) }
    }),
  )
}
