import { foreignCopy } from './foreign-copy.js'
import { classNameOf, functionName, isError, propertyOf } from './foreign-object.js'
import { NAME_LENGTH_MAX, primitiveText, shortened, TEXT_LENGTH_MAX } from './short-text.js'

/** How much of a wrong value is shown. */
const JSON_LENGTH_MAX = 60

/**
 * A value that a plugin threw or returned, as one short text: of an error, its name and message. Never throws and never
 * calls a function of the value, although it may be a proxy, and its `toString` may do anything.
 */
export function foreignText(value: unknown): string {
  if (typeof value === 'string') return shortened(value)
  if (typeof value !== 'object' && typeof value !== 'function') return primitiveText(value)
  if (value === null) return 'null'
  try {
    return objectText(value)
  } catch {
    return 'a value that cannot be read'
  }
}

/** The message of an error without its name, or the text of any other value that was thrown. Never throws. */
export function messageText(thrown: unknown, lengthMax = TEXT_LENGTH_MAX): string {
  try {
    if (typeof thrown !== 'object' || thrown === null || !isError(thrown)) {
      return typeof thrown === 'string' ? shortened(thrown, lengthMax) : foreignText(thrown)
    }
    return messageOf(thrown, lengthMax) ?? foreignText(thrown)
  } catch {
    return 'an error that cannot be read'
  }
}

/** The code of an error of the system, such as `ENOENT`; undefined if there is none. Never throws. */
export function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const code = propertyOf(thrown, 'code')
  return typeof code === 'string' ? shortened(code, NAME_LENGTH_MAX) : undefined
}

/** JSON of a value that is wrong, as its sender would write it: `null`, `["a"]`. Bounded and without secrets. */
export function jsonText(value: unknown): string {
  if (value === undefined) return 'nothing'
  const isJson = ['string', 'number', 'boolean', 'object'].includes(typeof value)
  return shortened(
    isJson ? JSON.stringify(foreignCopy(value)) : foreignText(value),
    JSON_LENGTH_MAX,
  )
}

/** May throw. */
function objectText(value: object): string {
  if (typeof value === 'function') return `function ${shortened(functionName(value))}`.trimEnd()
  if (isError(value)) {
    const name = nameOf(value)
    const message = messageOf(value, TEXT_LENGTH_MAX)
    if (message === undefined) return `${name} whose message cannot be read`
    return message === '' ? name : `${name}: ${message}`
  }
  const copy = foreignCopy(value)
  return typeof copy === 'string' ? copy : shortened(JSON.stringify(copy))
}

/** Undefined if the message of an error is not a text, or if reading it throws. */
function messageOf(error: object, lengthMax: number): string | undefined {
  const message = propertyOf(error, 'message')
  return typeof message === 'string' ? shortened(message, lengthMax) : undefined
}

function nameOf(error: object): string {
  const name = propertyOf(error, 'name')
  const text = typeof name === 'string' && name !== '' ? name : classNameOf(error)
  return shortened(text === '' ? 'Error' : text, NAME_LENGTH_MAX)
}
