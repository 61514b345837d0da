/** Longer texts are cut off, so that the text of a plugin or a peer cannot fill the log. */
const CHARACTERS_MAX = 500

/**
 * A value that a plugin threw or returned, as text. Never throws, although a value may have no prototype, and its
 * `toString` may do anything.
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
