import { remedyOf } from '@commloop/config'
import { CommloopError, type ErrorCode } from '@commloop/core'
import { escapeControlCharsInLines } from '../terminal/escape-control-chars.js'
import { messageOf } from './error-message.js'
import { EXIT } from './exit-codes.js'
import { UsageError } from './usage-error.js'

const CONFIGURATION: readonly ErrorCode[] = [
  'CML_ERR_CONFIG_NOT_FOUND',
  'CML_ERR_CONFIG_INVALID',
  'CML_ERR_CONFIG_AMBIGUOUS',
  'CML_ERR_CONFIG_CODE',
  'CML_ERR_PLUGIN_MISSING',
  'CML_ERR_PLUGIN_INVALID',
]

/** The exit code for the error that ended a command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.CONFIG_INVALID
  if (!CommloopError.is(error)) return EXIT.FAILED
  if (error.code === 'CML_ERR_LISTEN') return EXIT.CANNOT_LISTEN
  if (error.code === 'CML_ERR_CONTROL_UNREACHABLE') return EXIT.NOT_RUNNING
  return CONFIGURATION.includes(error.code) ? EXIT.CONFIG_INVALID : EXIT.FAILED
}

/**
 * The text on stderr: what is wrong, then what to do. It contains the stack of an unexpected error only if
 * `COMMLOOP_DEBUG` is set, and says so if it is not.
 */
export function failureText(
  error: unknown,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const debug = (env.COMMLOOP_DEBUG ?? '') !== ''
  return escapeControlCharsInLines(debug ? `commloop: ${stackText(error)}\n` : plainText(error))
}

function plainText(error: unknown): string {
  if (error instanceof UsageError) return `commloop: ${error.message}\n`
  if (!CommloopError.is(error)) {
    return `commloop: unexpected: ${messageOf(error)}\nCOMMLOOP_DEBUG=1 shows where it happened\n`
  }
  const remedy = remedyOf(error)
  // Problems of a file are drawn with a caret line below; text before the first line would shift it.
  const drawn = error.message.includes('\n') && CONFIGURATION.includes(error.code)
  const head = drawn ? 'commloop: nothing was started\n' : 'commloop: '
  const tail = remedy === undefined ? '' : `\n${remedy}`
  return `${head}${error.message}${tail}\n`
}

function stackText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const text = error.stack ?? error.message
  return cause === undefined ? text : `${text}\ncaused by ${stackText(cause)}`
}
