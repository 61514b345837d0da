import { readFileSync } from 'node:fs'
import type { CommandResult } from './command-line/command-context.js'
import { EXIT } from './command-line/exit-codes.js'

/*
 * The exit protocol: arguments become an exit code, and the process ends with it once stdout is flushed. All other code
 * is imported when it is needed, so that `--version` loads nothing else.
 */

void main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<never> {
  let outputError: NodeJS.ErrnoException | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // It is not a failure if the reader closes the pipe early, as in `commloop check | head -1`.
    if (error.code !== 'EPIPE') outputError ??= error
  })
  process.stderr.on('error', () => undefined)
  process.once('beforeExit', unfinished)
  process.on('uncaughtException', uncaught)
  const { exitCode, outputDone = false } = await resultOf(args)
  if (!outputDone) await flushed(process.stdout)
  const failed = !outputDone && outputError !== undefined
  // Plugins may have left timers and sockets open, which must not keep the process running.
  process.exit(failed ? await reported(outputError) : exitCode)
}

/** Nothing is left that could finish the command. Without this, Node would exit with 0, as after a success. */
function unfinished(): void {
  process.stderr.write(
    'commloop: the command did not finish, because a promise never settles, probably in a plugin\n',
  )
  process.exitCode = EXIT.FAILED
}

/** Otherwise, Node would write the message of the error, which may be of a plugin or a peer, as it is. */
function uncaught(error: unknown): void {
  // `run` and `demo` have their own.
  if (process.listenerCount('uncaughtException') > 1) return
  void reported(error).then(() => process.exit(EXIT.FAILED))
}

async function resultOf(args: readonly string[]): Promise<CommandResult> {
  const version = versionOf()
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    process.stdout.write(`${version}\n`)
    return { exitCode: EXIT.OK }
  }
  const { runProgram } = await import('./program.js')
  const { TextOutput } = await import('./terminal/text-output.js')
  const stdout = new TextOutput(process.stdout)
  const stderr = new TextOutput(process.stderr)
  const { env, stdin } = process
  const cwd = (): string => process.cwd()
  return await runProgram(args, version, { cwd, env, stdin, stdout, stderr })
}

async function reported(error: unknown): Promise<number> {
  const { reportFailure } = await import('./command-line/report-failure.js')
  const { TextOutput } = await import('./terminal/text-output.js')
  const stderr = new TextOutput(process.stderr)
  return await reportFailure(error, { stderr, env: process.env })
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve()
    })
  })
}

function versionOf(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
