import type { Command } from 'commander'
import { escapeInvisible } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { withinMs } from '../command-line/within-ms.js'
import { runningNode } from '../running-node/running-node.js'
import { type OfferedWord, offeredWords } from './offered-words.js'
import { splitAtEqual, typedLine } from './typed-line.js'
import { literalWord, typedWord, unquoted } from './typed-word.js'

/** How long completion waits for the ids of links, because the user waits for the prompt. */
const LINKS_MS_MAX = 500
/** More words are no help to the user, and a shell needs seconds for them. */
const WORDS_MAX = 1_000
/** A word without a meaning for any shell, also if it is evaluated. */
const PLAIN = /^[A-Za-z0-9_./:@%+,-][A-Za-z0-9_./:@%+,=-]*$/

export interface WordsRequest {
  /** The words after `commloop` up to the cursor; the last one is completed. */
  readonly words: readonly string[]
  /** The shell has removed quotes and backslashes. */
  readonly literal: boolean
}

/**
 * Prints the possible words, one on each line, with a tab and a description. They are data: the script of the shell quotes
 * them. Never fails, because an error message would disturb the prompt.
 */
export async function printWords(
  request: WordsRequest,
  program: Command,
  node: NodeRequest,
  { stdout }: Pick<CommandIo, 'stdout'>,
): Promise<number> {
  const words = await possibleWords(request, program, node)
  stdout.write(words.map(({ value, description }) => `${value}\t${description}\n`).join(''))
  return EXIT.OK
}

/**
 * The same for the scripts of former versions, which may still be installed. They evaluate the words, so only words
 * without a meaning for a shell are printed, then a line that they expect at the end.
 */
export async function printPlainWords(
  words: readonly string[],
  program: Command,
  node: NodeRequest,
  { stdout }: Pick<CommandIo, 'stdout'>,
): Promise<number> {
  const possible = await possibleWords({ words, literal: true }, program, node)
  const lines = possible
    // They add the name of the option themselves.
    .map(({ value, description }) => [value.replace(/^--[^=]*=/, ''), description] as const)
    .filter(([value]) => PLAIN.test(value))
    .map(([value, description]) => `${value}\t${description}\n`)
  stdout.write(`${lines.join('')}:4\n`)
  return EXIT.OK
}

async function possibleWords(
  { words, literal }: WordsRequest,
  program: Command,
  node: NodeRequest,
): Promise<OfferedWord[]> {
  const { HOME } = node.env
  const meaning = literal ? literalWord : typedWord
  const before = words.slice(0, -1).map((word) => {
    const [name, value] = splitAtEqual(word)
    return value === undefined ? meaning(word, HOME) : `${name}=${meaning(value, HOME)}`
  })
  const current = words.at(-1) ?? ''
  const begin = unquoted(current)
  const line = typedLine(program, before)
  const named = { config: line.values.get('--config'), control: line.values.get('--control') }
  const offered = await offeredWords(program, line, begin, () => linkIds({ ...node, ...named }))
  return offered
    .filter(({ value }) => value.startsWith(begin) || value.startsWith(current))
    .filter(({ value }) => isShowable(value))
    .slice(0, WORDS_MAX)
}

/** False for a word that would be two lines, or that a terminal would act on. */
function isShowable(word: string): boolean {
  return word !== '' && escapeInvisible(word, () => '') === word
}

/** The link ids of the running node; empty if none answers in time. */
async function linkIds(request: NodeRequest): Promise<readonly string[]> {
  const ids = runningNode(request).then(async (client) =>
    idsIn(await client.ask({ method: 'GET', path: '/v1/links' })),
  )
  return await withinMs(
    ids.catch(() => []),
    LINKS_MS_MAX,
    () => [],
  )
}

/** The program at the socket may answer anything. */
function idsIn(answer: unknown): string[] {
  const { links } = (answer ?? {}) as { readonly links?: unknown }
  if (!Array.isArray(links)) return []
  return links.flatMap((link: unknown) => {
    const { id } = (link ?? {}) as { readonly id?: unknown }
    return typeof id === 'string' ? [id] : []
  })
}
