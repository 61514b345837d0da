import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'

interface MirrorOptions {
  readonly config?: string
  readonly for?: string
  readonly at?: string
}

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('mirror')
    .description('print the table that each peer needs to fit this one')
    .option('--for <peer>', 'only for this entry or address')
    .option('--at <address>', 'the address at which the peers see this node')
  command.action(
    context.action(async () => {
      const options = command.optsWithGlobals<MirrorOptions>()
      const { process } = context
      const { printPeerConfigs } = await import('../analysis/peer-config/print-peer-configs.js')
      const request = { ...options, cwd: process.cwd(), env: process.env }
      return { exitCode: await printPeerConfigs(request, process) }
    }),
  )
}
