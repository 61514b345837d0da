import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'

interface CodecsOptions {
  readonly json?: boolean
  readonly guess?: string
}

export function register(program: Command, context: CommandContext): void {
  program
    .command('codecs')
    .description('list the built-in codecs; with a name, what it stands for')
    .argument('[codec]', 'name of a codec, such as tpkt')
    .option(
      '--guess <bytes>',
      'which codecs fit the first bytes of a stream: the path of a file, or hexadecimal digits',
    )
    .option('--json', 'one JSON value, for programs')
    .action(
      context.action(async (name: string | undefined, options: CodecsOptions) => {
        const { json = false, guess } = options
        if (guess !== undefined) {
          const { printGuess } = await import('../analysis/codecs/print-guess.js')
          const request = { name, given: guess, cwd: context.process.cwd(), json }
          return { exitCode: await printGuess(request, context.process) }
        }
        const { printCodec, printCodecs } = await import('../analysis/codecs/print-codecs.js')
        const exitCode =
          name === undefined
            ? printCodecs(json, context.process)
            : await printCodec(name, json, context.process)
        return { exitCode }
      }),
    )
}
