/** Longer texts are cut: the text of a plugin or a peer must not fill the log. */
const CHARACTERS_MAX = 500

/**
 * A value that a plugin threw or answered, as text. Never throws: a value without a prototype has no text, and the
 * value's own `toString` may do anything.
 */
export function foreignText(value: unknown): string {
  try {
    return shortened(String(value))
  } catch {
    return 'a value that has no text'
  }
}

/** The message of an error without its name, or the text of any other value that was thrown. Never throws. */
export function messageText(thrown: unknown): string {
  try {
    // The property may have been set to a value of any type.
    return foreignText(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return 'an error that has no text'
  }
}

function shortened(text: string): string {
  return text.length <= CHARACTERS_MAX ? text : `${text.slice(0, CHARACTERS_MAX)}…`
}
