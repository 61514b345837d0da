import { withoutSecrets } from './redaction.js'

/** Longer texts are cut off, so that the text of a plugin or a peer cannot fill the log. */
export const TEXT_LENGTH_MAX = 500
/** How much of the name of a class, function or property is shown. */
export const NAME_LENGTH_MAX = 80
/** The text is searched for secrets this far behind its cut, because a cut secret would not be recognized. */
const SEARCH_LENGTH = 512
/** Larger integers are not written: the time for their digits grows with the square of their number. */
const BIGINT_MAX = 2n ** 256n

/** A text without secrets, and with `…` instead of what is too much. */
export function shortened(text: string, lengthMax: number = TEXT_LENGTH_MAX): string {
  const shown = withoutSecrets(text.slice(0, lengthMax + SEARCH_LENGTH))
  return shown.length > lengthMax ? `${shown.slice(0, lengthMax)}…` : shown
}

/** A value that is neither a text nor an object. */
export function primitiveText(value: unknown): string {
  if (typeof value === 'symbol') return `Symbol(${shortened(value.description ?? '')})`
  if (typeof value !== 'bigint') return String(value)
  return value < BIGINT_MAX && value > -BIGINT_MAX ? String(value) : 'a very large bigint'
}
