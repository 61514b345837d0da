import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { nodeCommand, nodeRequest } from '../command-line/node-command.js'

interface SendOptions {
  readonly to?: string
  readonly hex?: string
  readonly file?: string
  readonly field?: readonly string[]
  readonly timeout: string
  readonly json?: boolean
}

export function register(program: Command, context: CommandContext): void {
  const command = nodeCommand(program, 'send', 'send one message through the running node')
    .argument('[text]', 'the message; default: read from stdin')
    .option(
      '--to <link>',
      'a link, the position of an entry, or `entry/*`; default: the router decides',
    )
    .option('--hex <digits>', 'the message in hexadecimal')
    .option('--file <path>', 'the message from a file')
    .option(
      '--field <name=value>',
      'a field of the header; the message is then the body (repeatable)',
      (value: string, all: readonly string[] | undefined) => [...(all ?? []), value],
    )
    .option('--timeout <duration>', 'how long to wait until it is written', '5s')
    .option('--json', 'one JSON object, for programs')
  command.action(
    context.action(async (text: string | undefined) => {
      const { to, hex, file, field: fields, timeout, json = false } = command.opts<SendOptions>()
      const { sendMessage } = await import('../running-node/send-message.js')
      const request = {
        ...nodeRequest(command, context),
        text,
        to,
        hex,
        file,
        fields,
        timeout,
        json,
      }
      return { exitCode: await sendMessage(request, context.process) }
    }),
  )
}
