import { basename } from 'node:path'
import type { Command, Option } from 'commander'
import { RootCommand, script } from '@bomb.sh/tab'
import { builtinNames } from '@commloop/config'
import type { LinkStatus } from '@commloop/control'
import { EXIT } from '../command-line/exit-codes.js'
import { UsageError } from '../command-line/usage-error.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { withinMs } from '../command-line/within-ms.js'
import { runningNode } from '../running-node/running-node.js'

/*
 * The only module that uses the completion library. The library has a script for each of four shells; the script calls
 * `commloop complete -- <words>`. Commands and options to offer are read from the program itself.
 */

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const

/** The bash script calls a function of the package bash-completion, which some machines lack: this is a fallback. */
const BASH_WORDS = `if ! declare -F _get_comp_words_by_ref > /dev/null; then
  _get_comp_words_by_ref() {
    words=("\${COMP_WORDS[@]}")
    cword=$COMP_CWORD
    cur=\${COMP_WORDS[COMP_CWORD]}
    prev=\${COMP_WORDS[COMP_CWORD - 1]}
  }
fi
`

/** How long completion waits for the ids of links, because the user waits for the prompt. */
const LINKS_MS_MAX = 500

/** Prints the completion script of a shell. @throws UsageError */
export function printScript(
  shell: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): number {
  const name = shell ?? basename(env.SHELL ?? '')
  if (!SHELLS.some((known) => known === name)) {
    const found = name === '' ? 'SHELL is not set' : `found "${name}"`
    throw new UsageError(`expected one of ${SHELLS.join(', ')}, ${found}`)
  }
  if (name === 'bash') process.stdout.write(BASH_WORDS)
  script(name, 'commloop', 'commloop')
  return EXIT.OK
}

/** Prints the possible next words, for the script. Never fails, because an error message would disturb the prompt. */
export async function offerWords(
  words: readonly string[],
  program: Command,
  request: NodeRequest,
): Promise<number> {
  const root = new RootCommand()
  const links = await linkIds(request)
  const known: Readonly<Record<string, readonly string[]>> = {
    link: links,
    codec: builtinNames('codec'),
  }
  addOptions(root, program.options, links)
  for (const command of program.createHelp().visibleCommands(program)) {
    const target = root.command(command.name(), command.description())
    addOptions(target, [...command.options, ...program.options], links)
    for (const argument of command.registeredArguments) {
      const choices = argument.argChoices ?? known[argument.name()] ?? []
      target.argument(argument.name(), offering(choices))
    }
  }
  root.parse([...words])
  return EXIT.OK
}

type Offer = (complete: (value: string, description: string) => void) => void

function offering(choices: readonly string[]): Offer {
  return (complete) => {
    for (const choice of choices) complete(choice, '')
  }
}

function addOptions(
  target: Pick<RootCommand, 'option'>,
  options: readonly Option[],
  links: readonly string[],
): void {
  for (const { long, description, argChoices, required } of options) {
    const name = long?.slice(2)
    if (name === undefined) continue
    if (required)
      target.option(name, description, offering(argChoices ?? (name === 'to' ? links : [])))
    else target.option(name, description)
  }
}

/** The link ids of the running node; empty if none answers in time. */
async function linkIds(request: NodeRequest): Promise<string[]> {
  const ids = runningNode(request).then(async (client) => {
    const answer = (await client.ask({ method: 'GET', path: '/v1/links' })) as {
      links: LinkStatus[]
    }
    return answer.links.map(({ id }) => id)
  })
  return await withinMs(
    ids.catch(() => []),
    LINKS_MS_MAX,
    () => [],
  )
}
