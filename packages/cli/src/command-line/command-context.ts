import type { TextOutput } from '../terminal/text-output.js'

/** What a command returns. */
export interface CommandResult {
  readonly exitCode: number
  /** The command has waited for the reader of stdout already, so that exit does not wait again. Default: false. */
  readonly outputDone?: boolean
}

/** The process as commands see it. */
export interface CommandProcess extends Pick<NodeJS.Process, 'cwd' | 'env' | 'stdin'> {
  readonly stdout: TextOutput
  readonly stderr: TextOutput
}

/** What the command line gives to each command. */
export interface CommandContext {
  /** The version of commloop. */
  readonly version: string
  /** Streams, environment and working folder. */
  readonly process: CommandProcess
  /** Makes work the action of a commander command. The result of the work becomes the result of the command line. */
  action<Arguments extends unknown[]>(
    work: (...args: Arguments) => Promise<CommandResult>,
  ): (...args: Arguments) => Promise<void>
  /** Writes why a command failed to stderr. @returns the exit code for it */
  readonly failed: (error: unknown) => Promise<number>
}
