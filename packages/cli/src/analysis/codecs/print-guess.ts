import '@commloop/codec-delimited'
import '@commloop/codec-length-field'
import {
  bestGuesses,
  codecText,
  type ForeignProtocol,
  type FramingGuess,
  framingsOf,
  likelyProtocol,
  OPENING_BYTES_MAX,
  openingText,
  unmistakableProtocol,
} from '@commloop/framings'
import type { CommandIo } from '../../command-line/command-io.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { UsageError } from '../../command-line/usage-error.js'
import { tableBlock } from '../../terminal/table.js'
import { givenBytes } from './given-bytes.js'

export interface GuessRequest {
  /** The name of a codec, which does not go together with a guess. */
  readonly name: string | undefined
  /** The path of a file, or hexadecimal digits. */
  readonly given: string
  readonly cwd: string
  readonly json: boolean
}

/** What the first bytes of a stream may be. The shape of `codecs --guess --json`. */
interface Guess {
  readonly bytes: number
  /** False: the file is longer, and the rest was not read. */
  readonly all: boolean
  /** Set if the bytes are another protocol, such as TLS, or nothing fits but they look like one. */
  readonly protocol: ForeignProtocol | null
  /** Best first. */
  readonly codecs: readonly {
    readonly name: string
    /** What a configuration contains. */
    readonly codec: string
    readonly evidenceBits: number
    readonly frames: number
    readonly endsWithLastByte: boolean
    /** Not clearly worse than the best one. */
    readonly likely: boolean
  }[]
}

const NOTHING = `No codec fits. Give the first bytes that the peer sends on a new connection, and more of them: two messages say more
than one. A length of one byte is never recognised. docs/framings.md describes the codecs.
`

/**
 * Prints which codecs fit the first bytes of a stream.
 * @throws UsageError for bytes that cannot be read
 */
export async function printGuess(request: GuessRequest, { stdout }: CommandIo): Promise<number> {
  const { name, given, cwd, json } = request
  if (name !== undefined) throw new UsageError(`leave out either "${name}" or --guess`)
  const { bytes, all } = await givenBytes(given, cwd, OPENING_BYTES_MAX)
  const guess = guessOf(bytes, all)
  stdout.write(json ? `${JSON.stringify(guess)}\n` : textOf(guess, bytes))
  return guess.protocol === null && guess.codecs.length === 0 ? EXIT.INCOMPLETE : EXIT.OK
}

function guessOf(bytes: Uint8Array, all: boolean): Guess {
  const unmistakable = unmistakableProtocol(bytes)
  const guesses = unmistakable === undefined ? framingsOf(bytes) : []
  const best = new Set(bestGuesses(guesses))
  const protocol = unmistakable ?? (guesses.length === 0 ? likelyProtocol(bytes) : undefined)
  return {
    bytes: bytes.length,
    all,
    protocol: protocol ?? null,
    codecs: guesses.map((guess) => codecOf(guess, best.has(guess))),
  }
}

function codecOf(guess: FramingGuess, likely: boolean): Guess['codecs'][number] {
  const { name, spec, evidenceBits, frames, isWhole } = guess
  const codec = codecText(spec)
  return { name, codec, evidenceBits, frames, endsWithLastByte: isWhole, likely }
}

function textOf({ bytes, all, protocol, codecs }: Guess, opening: Uint8Array): string {
  const size = bytes === 1 ? '1 byte' : `${String(bytes)} bytes`
  const head = `${all ? size : `The first ${size}`}: ${openingText(opening)}\n`
  if (protocol !== null) return `${head}\nLooks like ${protocol.name}: ${protocol.advice}\n`
  if (codecs.length === 0) return `${head}\n${NOTHING}`
  const [likely, others] = [true, false].map((is) => codecs.filter((each) => each.likely === is))
  return [
    head,
    section(likely?.length === 1 ? 'Looks like' : 'Looks like one of', likely ?? []),
    section('Also possible, with less evidence', others ?? []),
  ].join('')
}

function section(title: string, codecs: Guess['codecs']): string {
  if (codecs.length === 0) return ''
  const rows = codecs.map(({ codec, evidenceBits, frames, endsWithLastByte }) => [
    `codec: ${codec}`,
    `${String(evidenceBits)} bits of evidence`,
    framesText(frames, endsWithLastByte),
  ])
  return `\n${title}\n${tableBlock(rows)}`
}

function framesText(frames: number, endsWithLastByte: boolean): string {
  if (frames === 0) return 'the beginning of a frame'
  const count = frames === 1 ? '1 frame' : `${String(frames)} frames`
  return endsWithLastByte ? `${count} up to the last byte` : `${count} and the beginning of another`
}
