import type { Command } from 'commander'
import type { CommandContext } from './command-context.js'

/** Options that name a node: its configuration, or its control socket. */
interface NodeOptions {
  readonly config?: string
  readonly control?: string
}

/** The node to which a command sends its request, as the options name it. */
export interface NodeRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file given with `--config`. */
  readonly config?: string | undefined
  /** The socket given with `--control`. */
  readonly control?: string | undefined
}

/** Adds a command that sends a request to a running node, with the option `--control`. */
export function nodeCommand(program: Command, words: string, description: string): Command {
  return program
    .command(words)
    .description(description)
    .option('--control <path>', 'control socket of the node; default: that of the configuration')
}

export function nodeRequest(command: Command, { process }: CommandContext): NodeRequest {
  const { config, control } = command.optsWithGlobals<NodeOptions>()
  return { cwd: process.cwd(), env: process.env, config, control }
}
