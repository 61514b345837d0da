import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'

export function register(program: Command, context: CommandContext): void {
  program
    .command('codecs')
    .description('list the built-in codecs; with a name, what it stands for')
    .argument('[codec]', 'name of a codec, such as tpkt')
    .option('--json', 'one JSON value, for programs')
    .action(
      context.action(async (name: string | undefined, { json = false }: { json?: boolean }) => {
        const { printCodec, printCodecs } = await import('../analysis/codecs/print-codecs.js')
        const exitCode =
          name === undefined
            ? printCodecs(json, context.process)
            : await printCodec(name, json, context.process)
        return { exitCode }
      }),
    )
}
