import { basename } from 'node:path'
import type { CommandIo } from '../command-line/command-io.js'
import { EXIT } from '../command-line/exit-codes.js'
import { UsageError } from '../command-line/usage-error.js'
import { BASH_SCRIPT } from './bash-script.js'
import { FISH_SCRIPT } from './fish-script.js'
import { POWERSHELL_SCRIPT } from './powershell-script.js'
import { type Shell, SHELLS } from './shells.js'
import { ZSH_SCRIPT } from './zsh-script.js'

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH_SCRIPT,
  zsh: ZSH_SCRIPT,
  fish: FISH_SCRIPT,
  powershell: POWERSHELL_SCRIPT,
}

/** Prints the completion script of a shell. @throws UsageError */
export function printScript(
  wanted: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  io: Pick<CommandIo, 'stdout'>,
): number {
  const name = wanted ?? basename(env.SHELL ?? '')
  const shell = SHELLS.find((known) => known === name)
  if (shell === undefined) {
    const found = name === '' ? 'SHELL is not set' : `found "${name}"`
    throw new UsageError(`expected one of ${SHELLS.join(', ')}, ${found}`)
  }
  io.stdout.write(SCRIPTS[shell])
  return EXIT.OK
}
