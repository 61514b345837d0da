import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { EXIT } from './command-line/exit-codes.js'
import type { PeerOptions } from './analysis/compatibility/options.js'
import type { ControlOption } from './command-line/control-option.js'
import type { RunOptions } from './commands/run-options.js'

/*
 * Arguments to command to exit code. Everything is imported where it is needed: who asks for the version or for help
 * does not wait for the schema, the container, the log or a plugin to be loaded.
 */

/** How long the end of the process waits for somebody who does not read its last words. */
const STDERR_MS_MAX = 1_000

/** Set by a command's action: what the process ends with. */
let exitCode: number = EXIT.OK
/** Whether the process waits for the reader of its output. A running node has done so, within its deadline. */
let outputMatters = true

const args = process.argv.slice(2)
/** Why the output could not be written; a reader that hangs up (`commloop check | head -1`) is no reason to fail. */
let outputError: NodeJS.ErrnoException | undefined
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') outputError ??= error
})
process.stderr.on('error', () => undefined)

void main()

async function main(): Promise<void> {
  try {
    if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
      process.stdout.write(`${version()}\n`)
    } else {
      const program = await commandLine()
      await program.parseAsync(args, { from: 'user' })
    }
  } catch (error) {
    exitCode = await failed(error)
  }
  if (outputMatters) await flushed(process.stdout)
  if (outputMatters && outputError !== undefined) exitCode = await failed(outputError)
  // Plugins may have left timers and sockets behind, which must not keep the process.
  process.exit(exitCode)
}

async function failed(error: unknown): Promise<number> {
  const { CommanderError } = await import('commander')
  // Help, or a mistake in the arguments: everything was said already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.CONFIG_INVALID
  const { exitCodeOf, failureText } = await import('./command-line/failure.js')
  process.stderr.write(failureText(error, process.env))
  await Promise.race([flushed(process.stderr), delay(STDERR_MS_MAX)])
  return exitCodeOf(error)
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve()
    })
  })
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

async function commandLine(): Promise<Command> {
  const { Command, Option } = await import('commander')
  const { LOG_LEVEL_DEFAULT, LOG_LEVELS } = await import('./logging/log-level.js')
  const program = new Command('commloop')
    .description('A node that runs .commlooprc: dials, accepts, frames and routes messages.')
    .version(version())
    .option('--config <file>', 'the configuration (or COMMLOOP_CONFIG); default: the one here')
    .addOption(
      new Option('--log-level <level>', 'how much is logged to stderr')
        .choices(LOG_LEVELS)
        .default(LOG_LEVEL_DEFAULT)
        .env('COMMLOOP_LOG'),
    )
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        write(`commloop: ${text.replace(/^error: /, '')}`)
      },
    })
    .showHelpAfterError('`commloop --help` shows what there is')
  const { CONTROL_OPTION } = await import('./command-line/control-option.js')
  addRun(program)
  addCheck(program)
  addDoctor(program, CONTROL_OPTION)
  addMirror(program)
  addGraph(program, CONTROL_OPTION)
  addInit(program)
  addDemo(program)
  addBench(program)
  addFaultPeer(program)
  const { addOperatorCommands } = await import('./commands/operator-commands.js')
  addOperatorCommands(program, (code) => {
    exitCode = code
  })
  return program
}

function addRun(program: Command): void {
  const run = program
    .command('run', { isDefault: true })
    .description('start the node, log to stderr, stop on SIGINT or SIGTERM (default)')
    .option('--stdio', 'other programs talk to the node: JSON lines on stdin and stdout')
    .option('--text', 'with --stdio: received payloads as text where they are valid UTF-8')
    .option('--keep-open', 'with --stdio: go on when stdin ends')
    .option('--drain <duration>', 'with --stdio: wait this long at the end of stdin (default: 30s)')
    // Everything that is no command arrives here, because this is the default.
    .allowExcessArguments()
  run.action(async () => {
    await refuseArguments(program, run)
    const { runRequest } = await import('./commands/run-options.js')
    const request = runRequest(run.optsWithGlobals<RunOptions>(), version(), process)
    const { runCommand } = await import('./commands/run-command.js')
    outputMatters = false
    exitCode = await runCommand(request, process)
  })
}

async function refuseArguments(program: Command, run: Command): Promise<void> {
  const [word] = run.args
  if (word === undefined) return
  if (program.args[0] === 'run') program.error(`error: run takes no arguments, found '${word}'`)
  const { commandHint } = await import('./command-line/command-hint.js')
  const hint = commandHint(
    word,
    program.commands.map((command) => command.name()),
  )
  program.error(`error: unknown command '${word}'${hint}`)
}

interface CheckOptions extends PeerOptions {
  readonly config?: string
  readonly json?: boolean
}

function addCheck(program: Command): void {
  const check = program
    .command('check')
    .description("validate the configuration and explain it; with --with, compare it with a peer's")
    .option('--json', 'for programs: one JSON object')
    .option('--with <file>', 'the configuration of the other end: do the two fit?')
    .option('--at <address>', 'with --with: where the peer sees this node')
    .option('--peer-at <address>', 'with --with: where this node sees the peer')
  check.action(async () => {
    const { config, json = false, ...ends } = check.optsWithGlobals<CheckOptions>()
    const { peerOf } = await import('./analysis/compatibility/options.js')
    const { checkCommand } = await import('./commands/check-command.js')
    const request = { cwd: process.cwd(), env: process.env, config, json, peer: peerOf(ends) }
    exitCode = await checkCommand(request, process)
  })
}

function addDoctor(program: Command, controlOption: ControlOption): void {
  const doctor = program
    .command('doctor')
    .description(
      'say what is wrong with the configuration, this machine and the peers, and what to do',
    )
    .option('--dial', 'open one connection to each peer that is dialled, and look at what it says')
    .option('--json', 'for programs: one JSON object')
    .option(...controlOption)
  doctor.action(async () => {
    const { config, control, json, dial } = doctor.optsWithGlobals<{
      config?: string
      control?: string
      json?: boolean
      dial?: boolean
    }>()
    const { doctorCommand } = await import('./commands/doctor-command.js')
    const { askNode } = await import('./running-node/node-report.js')
    const request = { cwd: process.cwd(), env: process.env, config, control }
    exitCode = await doctorCommand(
      { ...request, json: json ?? false, dial: dial ?? false },
      askNode,
      process,
    )
  })
}

function addMirror(program: Command): void {
  const mirror = program
    .command('mirror')
    .description('print the table that each peer needs to fit this one')
    .option('--for <peer>', 'only for this entry or address')
    .option('--at <address>', 'where the peers see this node')
  mirror.action(async () => {
    const options = mirror.optsWithGlobals<{ config?: string; for?: string; at?: string }>()
    const { mirrorCommand } = await import('./commands/mirror-command.js')
    exitCode = await mirrorCommand({ ...options, cwd: process.cwd(), env: process.env }, process)
  })
}

function addGraph(program: Command, controlOption: ControlOption): void {
  const graph = program
    .command('graph')
    .description('draw the table as a Mermaid diagram')
    .option(...controlOption)
  graph.action(async () => {
    const { config, control } = graph.optsWithGlobals<{ config?: string; control?: string }>()
    const { graphCommand } = await import('./commands/graph-command.js')
    const { askNode } = await import('./running-node/node-report.js')
    const request = { cwd: process.cwd(), env: process.env, config, control }
    exitCode = await graphCommand(request, askNode, process)
  })
}

function addInit(program: Command): void {
  const init = program
    .command('init')
    .description('write a commented .commlooprc')
    .option('--from <file>', 'convert a table in the older JSON form')
  init.action(async () => {
    const { from } = init.opts<{ from?: string }>()
    const { initCommand } = await import('./commands/init-command.js')
    exitCode = await initCommand({ cwd: process.cwd(), from }, process)
  })
}

function addDemo(program: Command): void {
  const demo = program
    .command('demo')
    .description('three nodes on this machine, one of them cut and coming back')
    .option('--seconds <n>', 'how long', '12')
  demo.action(async () => {
    const { seconds } = demo.opts<{ seconds: string }>()
    const { demoCommand } = await import('./commands/demo-command.js')
    exitCode = await demoCommand({ seconds }, process)
  })
}

function addBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('what this machine does through two nodes, beside a raw socket')
    .option('--seconds <n>', 'how long each workload is measured at each of the two', '1')
    .option('--json', 'for programs: one JSON object')
  bench.action(async () => {
    const { seconds, json = false } = bench.opts<{ seconds: string; json?: boolean }>()
    const { benchCommand } = await import('./commands/bench-command.js')
    exitCode = await benchCommand({ seconds, json }, process)
  })
}

function addFaultPeer(program: Command): void {
  const faultPeer = program
    .command('fault-peer')
    .description('play the peer of one entry, badly, and see what the node does')
    .argument('[script]', 'the fault; default: all that fit the entry')
    .option('--entry <id>', 'whose peer; default: the only entry')
    .option('--list', 'show the scripts, and what a good node does')
    .option('--json', 'for programs: one JSON object at the end')
    .option('--seconds <n>', 'how long a script may take', '60')
  faultPeer.action(async (script: string | undefined) => {
    const options = faultPeer.optsWithGlobals<FaultPeerOptions>()
    const { config, entry, seconds, list = false, json = false } = options
    const { faultPeerCommand } = await import('./commands/fault-peer-command.js')
    const { env } = process
    const request = { cwd: process.cwd(), env, config, script, entry, list, json, seconds }
    exitCode = await faultPeerCommand(request, process)
  })
}

interface FaultPeerOptions {
  readonly config?: string
  readonly entry?: string
  readonly list?: boolean
  readonly json?: boolean
  readonly seconds: string
}
