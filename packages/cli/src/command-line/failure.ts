import { remedyOf } from '@commloop/config'
import { CommloopError, type ErrorCode } from '@commloop/core'
import { EXIT } from './exit-codes.js'
import { visibleText } from '../terminal/escape-control-chars.js'
import { UsageError } from './usage-error.js'

const CONFIGURATION: readonly ErrorCode[] = [
  'CML_ERR_CONFIG_NOT_FOUND',
  'CML_ERR_CONFIG_INVALID',
  'CML_ERR_CONFIG_AMBIGUOUS',
  'CML_ERR_CONFIG_CODE',
  'CML_ERR_PLUGIN_MISSING',
  'CML_ERR_PLUGIN_INVALID',
]

/** The exit code that tells what a command failed of. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.CONFIG_INVALID
  if (!CommloopError.is(error)) return EXIT.FAILED
  if (error.code === 'CML_ERR_LISTEN') return EXIT.CANNOT_LISTEN
  if (error.code === 'CML_ERR_CONTROL_UNREACHABLE') return EXIT.NOT_RUNNING
  return CONFIGURATION.includes(error.code) ? EXIT.CONFIG_INVALID : EXIT.FAILED
}

/**
 * What a command failed of, for people: what is wrong, then what to do. The stack of an error that nobody foresaw
 * is shown where `COMMLOOP_DEBUG` is set; everybody else is told so.
 */
export function failureText(
  error: unknown,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const debug = (env.COMMLOOP_DEBUG ?? '') !== ''
  if (debug) return `commloop: ${stackText(error)}\n`
  if (error instanceof UsageError) return `commloop: ${visibleText(error.message)}\n`
  if (!CommloopError.is(error)) {
    const what = error instanceof Error ? error.message : String(error)
    return `commloop: unexpected: ${visibleLines(what)}\nCOMMLOOP_DEBUG=1 shows where it happened\n`
  }
  const remedy = remedyOf(error)
  // Mistakes in a file are drawn with a line below them; a word before the first would shift it.
  const drawn = error.message.includes('\n') && CONFIGURATION.includes(error.code)
  const head = drawn ? 'commloop: nothing was started\n' : 'commloop: '
  const tail = remedy === undefined ? '' : `\n${remedy}`
  return `${head}${visibleLines(error.message)}${tail}\n`
}

function visibleLines(text: string): string {
  return text.split('\n').map(visibleText).join('\n')
}

function stackText(error: unknown): string {
  if (!(error instanceof Error)) return visibleLines(String(error))
  const { cause } = error
  const text = visibleLines(error.stack ?? error.message)
  return cause === undefined ? text : `${text}\ncaused by ${stackText(cause)}`
}
