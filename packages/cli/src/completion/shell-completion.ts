import { basename } from 'node:path'
import type { Command, Option } from 'commander'
import { RootCommand, script } from '@bomb.sh/tab'
import type { LinkStatus } from '@commloop/control'
import { EXIT } from '../command-line/exit-codes.js'
import { UsageError } from '../command-line/usage-error.js'
import { type NodeRequest, runningNode } from '../running-node/running-node.js'

/*
 * The one place that knows the library for completion: it has the scripts of four shells, which call
 * `commloop complete -- <words>`; what there is to complete is read off the command line itself.
 */

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const

/** The script for bash asks for its words by a function of the package bash-completion, which not every machine has. */
const BASH_WORDS = `if ! declare -F _get_comp_words_by_ref > /dev/null; then
  _get_comp_words_by_ref() {
    words=("\${COMP_WORDS[@]}")
    cword=$COMP_CWORD
    cur=\${COMP_WORDS[COMP_CWORD]}
    prev=\${COMP_WORDS[COMP_CWORD - 1]}
  }
fi
`

/** A key was pressed: whoever waits longer for the names of links is better off without. */
const LINKS_MS_MAX = 500

/** `commloop completion`: the script for a shell. @throws UsageError */
export function completionCommand(
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

/** What could stand next; called by the script. Never fails: whoever presses a key wants no message. */
export async function completeCommand(
  words: readonly string[],
  program: Command,
  request: NodeRequest,
): Promise<number> {
  const root = new RootCommand()
  const links = await linkIds(request)
  addOptions(root, program.options, links)
  for (const command of program.createHelp().visibleCommands(program)) {
    const target = root.command(command.name(), command.description())
    addOptions(target, [...command.options, ...program.options], links)
    for (const argument of command.registeredArguments) {
      const choices = argument.argChoices ?? (argument.name() === 'link' ? links : [])
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

/** Of the node that runs here; none where none does. */
async function linkIds(request: NodeRequest): Promise<string[]> {
  const asked = runningNode(request).then(async (client) => {
    const answer = (await client.ask({ method: 'GET', path: '/v1/links' })) as {
      links: LinkStatus[]
    }
    return answer.links.map(({ id }) => id)
  })
  const none = new Promise<string[]>((resolve) => {
    setTimeout(resolve, LINKS_MS_MAX, []).unref()
  })
  return await Promise.race([asked.catch(() => []), none])
}
