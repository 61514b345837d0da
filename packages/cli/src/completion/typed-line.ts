import type { Command, Option } from 'commander'

/** The words before the one that is completed, as the program understands them. */
export interface TypedLine {
  /** The command that the line names; the program itself if it does not name one yet. */
  readonly command: Command
  /** Arguments of the command so far. */
  readonly position: number
  /** Set: the next word is the value of this option. */
  readonly pending: Option | undefined
  /** The words contained `--`, so all further words are arguments. */
  readonly optionsEnded: boolean
  /** The last values of options, by their long names. */
  readonly values: ReadonlyMap<string, string>
}

/** Reads a line without running anything. Unknown words count as arguments. */
export function typedLine(program: Command, words: readonly string[]): TypedLine {
  let command = program
  let position = 0
  let pending: Option | undefined
  let optionsEnded = false
  const values = new Map<string, string>()
  for (const word of words) {
    if (pending !== undefined) {
      values.set(pending.long ?? '', word)
      pending = undefined
    } else if (word === '--') optionsEnded = true
    else if (!optionsEnded && word.startsWith('-')) {
      const [name, value] = splitAtEqual(word)
      const option = optionNamed(name, program, command)
      if (option?.required !== true) continue
      if (value === undefined) pending = option
      else values.set(option.long ?? '', value)
    } else {
      const named = command === program ? commandNamed(program, word) : undefined
      if (named === undefined) position++
      else command = named
    }
  }
  return { command, position, pending, optionsEnded, values }
}

/** The options that a command understands: its own, and those of the program. */
export function optionsOf(program: Command, command: Command): readonly Option[] {
  return command === program ? program.options : [...command.options, ...program.options]
}

export function optionNamed(name: string, program: Command, command: Command): Option | undefined {
  return optionsOf(program, command).find(({ long, short }) => name === long || name === short)
}

/** `--to=x` as name and value. */
export function splitAtEqual(word: string): readonly [name: string, value?: string] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)]
}

function commandNamed(program: Command, name: string): Command | undefined {
  return program
    .createHelp()
    .visibleCommands(program)
    .find((command) => command.name() === name)
}
