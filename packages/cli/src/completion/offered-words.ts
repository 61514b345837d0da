import type { Argument, Command, Option } from 'commander'
import { optionNamed, optionsOf, splitAtEqual, type TypedLine } from './typed-line.js'
import { SHELLS } from './shells.js'

/** A word that may stand in place of the one that is typed. */
export interface OfferedWord {
  readonly value: string
  readonly description: string
}

/** Asks the running node for the ids of its links. */
export type LinkIds = () => Promise<readonly string[]>

/** All words that may come after a line, given how the word begins. */
export async function offeredWords(
  program: Command,
  line: TypedLine,
  begin: string,
  links: LinkIds,
): Promise<OfferedWord[]> {
  const { command, pending, optionsEnded } = line
  if (pending !== undefined) return plain(await valuesOf(pending, links))
  if (optionsEnded || !begin.startsWith('-')) return await argumentsAt(program, line, links)
  const [name, value] = splitAtEqual(begin)
  if (value === undefined) {
    return optionsOf(program, command).flatMap(({ long, description }) =>
      long === undefined ? [] : [{ value: long, description }],
    )
  }
  const option = optionNamed(name, program, command)
  if (option?.required !== true) return []
  return plain((await valuesOf(option, links)).map((text) => `${name}=${text}`))
}

async function argumentsAt(
  program: Command,
  { command, position, optionsEnded }: TypedLine,
  links: LinkIds,
): Promise<OfferedWord[]> {
  if (command === program) {
    if (position > 0 || optionsEnded) return []
    return program
      .createHelp()
      .visibleCommands(program)
      .map((one) => ({ value: one.name(), description: one.description() }))
  }
  const argument = command.registeredArguments[position]
  if (argument === undefined) return []
  const values = await choicesOf(argument, links)
  // The command would take it for an option.
  return plain(optionsEnded ? values : values.filter((value) => !value.startsWith('-')))
}

async function choicesOf(argument: Argument, links: LinkIds): Promise<readonly string[]> {
  if (argument.argChoices !== undefined) return argument.argChoices
  if (argument.name() === 'shell') return SHELLS
  if (argument.name() === 'codec') return (await import('@commloop/config')).builtinNames('codec')
  return argument.name() === 'link' ? await links() : []
}

async function valuesOf(option: Option, links: LinkIds): Promise<readonly string[]> {
  return option.argChoices ?? (option.long === '--to' ? await links() : [])
}

function plain(values: readonly string[]): OfferedWord[] {
  return values.map((value) => ({ value, description: '' }))
}
