import { remedyOf } from '@commloop/config'
import {
  CommloopError,
  type ErrorCode,
  foreignCopy,
  foreignText,
  messageText,
} from '@commloop/core'
import { EXIT } from './exit-codes.js'
import { UsageError } from './usage-error.js'

/** Characters of a message on stderr. A list of the mistakes in a file is long. */
const MESSAGE_LENGTH_MAX = 64 * 1024

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
  return debug ? `commloop: ${stackText(error)}\n` : plainText(error)
}

function plainText(error: unknown): string {
  if (error instanceof UsageError) return `commloop: ${messageText(error, MESSAGE_LENGTH_MAX)}\n`
  if (!CommloopError.is(error)) {
    return `commloop: unexpected: ${messageText(error)}\nCOMMLOOP_DEBUG=1 shows where it happened\n`
  }
  const remedy = remedyOf(error)
  // Problems of a file are drawn with a caret line below; text before the first line would shift it.
  const message = messageText(error, MESSAGE_LENGTH_MAX)
  const drawn = message.includes('\n') && CONFIGURATION.includes(error.code)
  const head = drawn ? 'commloop: nothing was started\n' : 'commloop: '
  const tail = remedy === undefined ? '' : `\n${remedy}`
  return `${head}${message}${tail}\n`
}

/** The stack of an error and of its causes. */
function stackText(error: unknown): string {
  return linesOf(foreignCopy(error), foreignText(error))
}

/** @param error the bounded copy of an error; `text` is what to write if it has no stack */
function linesOf(error: unknown, text: string): string {
  if (typeof error !== 'object' || error === null) return text
  const { stack, cause } = error as { readonly stack?: unknown; readonly cause?: unknown }
  const head = typeof stack === 'string' ? stack : text
  return cause === undefined ? head : `${head}\ncaused by ${linesOf(cause, foreignText(cause))}`
}
