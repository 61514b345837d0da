import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

interface RequestOptions {
  readonly hex?: string
  readonly file?: string
  readonly timeout: string
  readonly json?: boolean
  readonly raw?: boolean
}

export function register(program: Command, context: CommandContext): void {
  const command = nodeCommand(
    program,
    'request',
    'send one message through the running node, and print the answer of the peer',
  )
    .argument('<link>', 'a link, or the position of an entry; the next message of it is the answer')
    .argument('[payload]', 'the message; default: read from stdin')
    .option('--hex <digits>', 'the message in hexadecimal')
    .option('--file <path>', 'the message from a file')
    .option('--timeout <duration>', 'how long to wait for the answer', '10s')
    .option('--json', 'one JSON object, for programs')
    .option('--raw', 'the bytes of the answer as they are')
  command.action(
    context.action(async (link: string, text: string | undefined) => {
      const options = command.opts<RequestOptions>()
      const { hex, file, timeout, json = false, raw = false } = options
      const { askPeer } = await import('../running-node/ask-peer.js')
      const node = nodeRequest(command, context)
      const request = { ...node, link, text, hex, file, timeout, json, raw }
      return { exitCode: await askPeer(request, context.process) }
    }),
  )
}
