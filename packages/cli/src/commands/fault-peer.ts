import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { secondsOption } from '../command-line/seconds-option.js'

const SECONDS = { min: 1, max: 3_600, default: 60 } as const

interface FaultPeerOptions {
  readonly config?: string
  readonly entry?: string
  readonly list?: boolean
  readonly json?: boolean
  readonly seconds: number
}

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('fault-peer')
    .description('play the peer of one entry with a fault, and check what the node does')
    .argument('[script]', 'the fault; default: all that fit the entry')
    .option('--entry <id>', 'the entry whose peer is played; default: the only entry')
    .option('--list', 'list the scripts, and what a good node does')
    .option('--json', 'one JSON object at the end, for programs')
    .addOption(secondsOption('time limit of one script', SECONDS))
  command.action(
    context.action(async (script: string | undefined) => {
      const { list = false, json = false, ...options } = command.optsWithGlobals<FaultPeerOptions>()
      const { config, entry, seconds } = options
      const { process } = context
      const { playScripts } = await import('../fault-peer/play-scripts.js')
      const { env } = process
      const request = { cwd: process.cwd(), env, config, script, entry, list, json, seconds }
      return { exitCode: await playScripts(request, process) }
    }),
  )
}
