/** Longer texts are cut: what a plugin or a peer has written must not fill the log. */
const CHARACTERS_MAX = 500

/**
 * A value that a plugin threw or answered, as text. Never throws, whatever the value is: one without a prototype has
 * no text, and one with a `toString` of its own may do anything.
 */
export function foreignText(value: unknown): string {
  try {
    return shortened(String(value))
  } catch {
    return 'a value that has no text'
  }
}

/** The message of an error, without its name; the text of whatever else was thrown. Never throws. */
export function messageText(thrown: unknown): string {
  try {
    // A message may have been made anything else.
    return foreignText(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return 'an error that has no text'
  }
}

function shortened(text: string): string {
  return text.length <= CHARACTERS_MAX ? text : `${text.slice(0, CHARACTERS_MAX)}…`
}
