import type { Command } from 'commander'
import { CONTROL_OPTION } from '../command-line/control-option.js'

/*
 * The commands that talk to a running node. Only their words stand here: what a command needs is imported when it is
 * called.
 */

/** What the process ends with. */
type Ended = (exitCode: number) => void

interface NodeOptions {
  readonly config?: string
  readonly control?: string
}

const LINK_ACTIONS = {
  dial: 'dial a link now; an exhausted one begins a new round of attempts',
  close: 'end the connection of a link; an active one is dialled again',
  disable: 'keep a link down until it is enabled',
  enable: 'let a link come up again',
} as const

export function addOperatorCommands(program: Command, ended: Ended): void {
  addStatus(program, ended)
  addTop(program, ended)
  addSend(program, ended)
  addTail(program, ended)
  addLinkCommands(program, ended)
  addReload(program, ended)
  addCompletion(program, ended)
}

/** A command about the node of the configuration here, or of another one. */
function nodeCommand(program: Command, words: string, description: string): Command {
  return program
    .command(words)
    .description(description)
    .option(...CONTROL_OPTION)
}

function nodeRequest(command: Command) {
  const { config, control } = command.optsWithGlobals<NodeOptions>()
  return { cwd: process.cwd(), env: process.env, config, control }
}

function addStatus(program: Command, ended: Ended): void {
  const status = nodeCommand(program, 'status', 'how the running node is: a row for each link')
    .option('--watch', 'live, like `top`')
    .option('--json', 'for programs: one JSON object')
  status.action(async () => {
    const { watch, json = false } = status.opts<{ watch?: boolean; json?: boolean }>()
    if (watch === true && json) program.error('error: --watch is for people, --json for programs')
    if (watch === true) {
      await top(status, ended)
      return
    }
    const { statusCommand } = await import('./status-command.js')
    ended(await statusCommand({ ...nodeRequest(status), json }, process))
  })
}

function addTop(program: Command, ended: Ended): void {
  const command = nodeCommand(program, 'top', 'the running node live: rates, queues, next attempts')
  command.action(() => top(command, ended))
}

async function top(command: Command, ended: Ended): Promise<void> {
  const { topCommand } = await import('./top-command.js')
  ended(await topCommand(nodeRequest(command), process))
}

function addSend(program: Command, ended: Ended): void {
  const send = nodeCommand(program, 'send', 'send one message through the running node')
    .argument('[text]', 'the message; left out: from stdin')
    .option(
      '--to <link>',
      'a link, an entry’s position, or `entry/*`; left out: the router decides',
    )
    .option('--hex <digits>', 'the message in hexadecimal')
    .option('--file <path>', 'the message from a file')
    .option('--timeout <duration>', 'how long it may take to be written', '5s')
    .option('--json', 'for programs: one JSON object')
  send.action(async (text: string | undefined) => {
    const options = send.opts<
      Record<'to' | 'hex' | 'file', string | undefined> & { timeout: string }
    >()
    const { to, hex, file, timeout } = options
    const { json = false } = send.opts<{ json?: boolean }>()
    const { sendCommand } = await import('./send-command.js')
    ended(await sendCommand({ ...nodeRequest(send), text, to, hex, file, timeout, json }, process))
  })
}

function addTail(program: Command, ended: Ended): void {
  const tail = nodeCommand(program, 'tail', 'show messages as they pass, both ways')
    .argument('[link]', 'a link or an entry; left out: all')
    .option('--hex', 'payloads in hexadecimal')
    .option('--json', 'for programs: one JSON object a line')
  tail.action(async (link: string | undefined) => {
    const { hex = false, json = false } = tail.opts<{ hex?: boolean; json?: boolean }>()
    const { tailCommand } = await import('./tail-command.js')
    ended(await tailCommand({ ...nodeRequest(tail), link, hex, json }, process))
  })
}

function addLinkCommands(program: Command, ended: Ended): void {
  for (const action of ['dial', 'close', 'disable', 'enable'] as const) {
    const command = nodeCommand(program, action, LINK_ACTIONS[action]).argument(
      '<link>',
      'its id, or the position of its entry in the table',
    )
    command.action(async (link: string) => {
      const { linkCommand } = await import('./link-command.js')
      ended(await linkCommand({ ...nodeRequest(command), action, link }, process))
    })
  }
}

function addReload(program: Command, ended: Ended): void {
  const reload = nodeCommand(
    program,
    'reload',
    'read the configuration again, and touch only what changed',
  ).option('--json', 'for programs: one JSON object')
  reload.action(async () => {
    const { json = false } = reload.opts<{ json?: boolean }>()
    const { reloadCommand } = await import('./reload-command.js')
    ended(await reloadCommand({ ...nodeRequest(reload), json }, process))
  })
}

function addCompletion(program: Command, ended: Ended): void {
  program
    .command('completion')
    .description('print the script by which a shell completes commands, options and links')
    .argument('[shell]', 'bash, zsh, fish or powershell; default: the one of SHELL')
    .action(async (shell: string | undefined) => {
      const { completionCommand } = await import('./completion-command.js')
      ended(completionCommand(shell, process.env))
    })
  const complete = program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
  complete.action(async (words: string[]) => {
    const { completeCommand } = await import('./completion-command.js')
    ended(await completeCommand(words, program, nodeRequest(complete)))
  })
}
