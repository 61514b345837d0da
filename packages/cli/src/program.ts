import { Command, CommanderError, Option } from 'commander'
import type {
  CommandContext,
  CommandProcess,
  CommandResult,
} from './command-line/command-context.js'
import { EXIT } from './command-line/exit-codes.js'
import { reportFailure } from './command-line/report-failure.js'
import * as bench from './commands/bench.js'
import * as check from './commands/check.js'
import * as close from './commands/close.js'
import * as codecs from './commands/codecs.js'
import * as completion from './commands/completion.js'
import * as demo from './commands/demo.js'
import * as dial from './commands/dial.js'
import * as disable from './commands/disable.js'
import * as doctor from './commands/doctor.js'
import * as enable from './commands/enable.js'
import * as faultPeer from './commands/fault-peer.js'
import * as graph from './commands/graph.js'
import * as init from './commands/init.js'
import * as mirror from './commands/mirror.js'
import * as reload from './commands/reload.js'
import * as request from './commands/request.js'
import * as run from './commands/run.js'
import * as send from './commands/send.js'
import * as status from './commands/status.js'
import * as tail from './commands/tail.js'
import * as top from './commands/top.js'
import { LOG_LEVEL_DEFAULT, LOG_LEVELS } from './logging/log-level.js'

/*
 * The modules of commands contain only help texts and options. They import the rest when a command runs, so that the
 * help does not load the schema, the container, the log or a plugin.
 */

/** In the order of the help. */
const COMMANDS = [
  run,
  check,
  doctor,
  mirror,
  graph,
  codecs,
  init,
  demo,
  bench,
  faultPeer,
  status,
  top,
  send,
  request,
  tail,
  dial,
  close,
  disable,
  enable,
  reload,
  completion,
] as const

/** Runs the command that the arguments name. Never rejects: a failure is reported on stderr. */
export async function runProgram(
  args: readonly string[],
  version: string,
  process: CommandProcess,
): Promise<CommandResult> {
  let result: CommandResult = { exitCode: EXIT.OK }
  const program = newProgram(version, process)
  const context: CommandContext = {
    version,
    process,
    action:
      (work) =>
      async (...words) => {
        result = await work(...words)
      },
    failed: (error) => reportFailure(error, process),
  }
  for (const command of COMMANDS) command.register(program, context)
  try {
    await program.parseAsync(args, { from: 'user' })
    return result
  } catch (error) {
    if (!(error instanceof CommanderError)) return { exitCode: await context.failed(error) }
    // commander has already written the help or the mistake in the arguments.
    return { exitCode: error.exitCode === 0 ? EXIT.OK : EXIT.CONFIG_INVALID }
  }
}

function newProgram(version: string, { stdout, stderr }: CommandProcess): Command {
  return new Command('commloop')
    .description(
      'Runs the node that .commlooprc describes: it dials, accepts, frames and routes messages.',
    )
    .version(version)
    .option(
      '--config <file>',
      'configuration file (or COMMLOOP_CONFIG); default: the one of this folder',
    )
    .addOption(
      new Option('--log-level <level>', 'log level on stderr')
        .choices(LOG_LEVELS)
        .default(LOG_LEVEL_DEFAULT)
        .env('COMMLOOP_LOG'),
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => {
        write(`commloop: ${text.replace(/^error: /, '')}`)
      },
    })
    .showHelpAfterError('`commloop --help` lists all commands')
}
