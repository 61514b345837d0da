import type { Command } from 'commander'
import type { PeerOptions } from '../analysis/compatibility/options.js'
import type { CommandContext } from '../command-line/command-context.js'

interface CheckOptions extends PeerOptions {
  readonly config?: string
  readonly json?: boolean
}

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('check')
    .description("validate and explain the configuration; with --with, compare it with a peer's")
    .option('--json', 'one JSON object, for programs')
    .option('--with <file>', "the peer's configuration: check that both fit together")
    .option('--at <address>', 'with --with: the address at which the peer sees this node')
    .option('--peer-at <address>', 'with --with: the address at which this node sees the peer')
  command.action(
    context.action(async () => {
      const { config, json = false, ...peer } = command.optsWithGlobals<CheckOptions>()
      const { process } = context
      const { peerOf } = await import('../analysis/compatibility/options.js')
      const { checkConfig } = await import('../analysis/explanation/check-config.js')
      const request = { cwd: process.cwd(), env: process.env, config, json, peer: peerOf(peer) }
      return { exitCode: await checkConfig(request, process) }
    }),
  )
}
