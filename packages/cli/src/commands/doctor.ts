import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

export function register(program: Command, context: CommandContext): void {
  const command = nodeCommand(
    program,
    'doctor',
    'find problems of the configuration, this machine and the peers, with remedies',
  )
    .option('--dial', 'open one connection to each peer that this node dials, and check the answer')
    .option('--json', 'one JSON object, for programs')
  command.action(
    context.action(async () => {
      const { json = false, dial = false } = command.opts<{ json?: boolean; dial?: boolean }>()
      const { runDoctor } = await import('../analysis/doctor/run-doctor.js')
      const { askNode } = await import('../running-node/node-report.js')
      const request = { ...nodeRequest(command, context), json, dial }
      return { exitCode: await runDoctor(request, askNode, context.process) }
    }),
  )
}
