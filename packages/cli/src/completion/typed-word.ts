/** The home folder, unquoted or at the beginning of double quotes. */
const HOME = /^(?:~|("?)\$(?:HOME|\{HOME\}))(?=\/|"|$)/
/** What a backslash escapes in double quotes. */
const ESCAPED_IN_QUOTES = '"\\$`'

/**
 * A word of the command line as its program would get it: without quotes and backslashes, and with the home folder for a
 * leading `~` or `$HOME`. Nothing else is expanded, because completion must not run what the user only types.
 */
export function typedWord(word: string, home: string | undefined): string {
  if (home === undefined) return unquoted(word)
  const [found, quote = ''] = HOME.exec(word) ?? []
  return found === undefined ? unquoted(word) : home + unquoted(quote + word.slice(found.length))
}

/** The same for a word from which the shell has removed the quotes. */
export function literalWord(word: string, home: string | undefined): string {
  return home === undefined ? word : word.replace(HOME, () => home)
}

/** A quote without an end reaches to the end of the word. */
export function unquoted(word: string): string {
  let text = ''
  let quote = ''
  for (let at = 0; at < word.length; at++) {
    const character = word.charAt(at)
    if (character === quote) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) quote = character
    else if (character === '\\' && escapes(word.charAt(at + 1), quote)) text += word.charAt(++at)
    else text += character
  }
  return text
}

function escapes(next: string, quote: string): boolean {
  if (quote === '') return true
  return quote === '"' && next !== '' && ESCAPED_IN_QUOTES.includes(next)
}
