import type { Command } from 'commander'
import type { CommandContext } from '../command-line/command-context.js'
import { UsageError } from '../command-line/usage-error.js'
import { type LogLevel } from '../logging/log-level.js'

interface RunOptions {
  readonly config?: string
  readonly logLevel: LogLevel
  readonly stdio?: boolean
  readonly text?: boolean
  readonly keepOpen?: boolean
  readonly drain?: string
}

const DRAIN_DEFAULT = '30s'

export function register(program: Command, context: CommandContext): void {
  const command = program
    .command('run', { isDefault: true })
    .description('start the node, log to stderr, stop on SIGINT or SIGTERM (default)')
    .option('--stdio', 'exchange JSON lines with another program on stdin and stdout')
    .option('--text', 'with --stdio: received payloads as text if they are valid UTF-8')
    .option('--keep-open', 'with --stdio: keep running when stdin ends')
    .option(
      '--drain <duration>',
      `with --stdio: how long to wait for outcomes when stdin ends (default: ${DRAIN_DEFAULT})`,
    )
    // commander calls the default command for every unknown word.
    .allowExcessArguments()
  command.action(
    context.action(async () => {
      await rejectArguments(program, command)
      const options = command.optsWithGlobals<RunOptions>()
      rejectWithoutStdio(options)
      const { version, process } = context
      const { stdin, stdout, stderr } = process
      const streams = { stdin, stdout: stdout.raw, stderr: stderr.raw }
      const { runNode } = await import('../run/run-node.js')
      const { config, logLevel, stdio, text = false, keepOpen = false } = options
      const { drain = DRAIN_DEFAULT } = options
      const request = {
        cwd: process.cwd(),
        env: process.env,
        config,
        logLevel,
        version,
        stdio: stdio === true ? { text, keepOpen, drain } : undefined,
      }
      // A running node waits for the reader of its output within its own deadline.
      const exitCode = await runNode(request, streams).catch(context.failed)
      return { exitCode, outputDone: true }
    }),
  )
}

async function rejectArguments(program: Command, run: Command): Promise<void> {
  const [word] = run.args
  if (word === undefined) return
  if (program.args[0] === 'run') program.error(`error: run takes no arguments, found '${word}'`)
  const { commandHint } = await import('../command-line/command-hint.js')
  const hint = commandHint(
    word,
    program.commands.map((command) => command.name()),
  )
  program.error(`error: unknown command '${word}'${hint}`)
}

/** @throws UsageError */
function rejectWithoutStdio({ stdio, text, keepOpen, drain }: RunOptions): void {
  if (stdio === true) return
  const options = { '--text': text, '--keep-open': keepOpen, '--drain': drain }
  const [option] = Object.entries(options).find(([, value]) => value !== undefined) ?? []
  if (option === undefined) return
  throw new UsageError(`${option} belongs to --stdio: commloop run --stdio ${option}`)
}
