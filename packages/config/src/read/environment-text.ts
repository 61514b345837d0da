/**
 * `${NAME}` and `${NAME:-default}` in configuration texts.
 *
 * In YAML a brace opens a map: `{ port: ${PORT} }` would not even parse. So before parsing, the characters of each
 * such place are moved, one for one, into Unicode's private use area, which YAML takes for plain letters; columns
 * stay what they were. Afterwards the texts are moved back.
 */

const PLACES = /\$?\$\{[^}\n]*\}/g
const SHIFT = 0xe000
const SHIFTED = /[\ue020-\ue07e]/g
/** Only what begins with a shifted `${` was shifted here; other private characters are the user's own. */
const SHIFTED_PLACES = /\ue024?\ue024\ue07b[^\ue07d]*\ue07d/g

export function shieldPlaces(text: string): string {
  return text.replace(PLACES, (place) =>
    place.replace(/[ -~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + SHIFT)),
  )
}

export function unshieldPlaces(text: string): string {
  return text.replace(SHIFTED_PLACES, (place) =>
    place.replace(SHIFTED, (character) => String.fromCharCode(character.charCodeAt(0) - SHIFT)),
  )
}

export interface FilledText {
  readonly text: string
  /** In one sentence each what is wrong with a place. */
  readonly problems: readonly string[]
  /** The whole text was one place: what came out may be a number. */
  readonly whole: boolean
}

const PLACE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?\}$/

/** Fills in every place; `$${` stands for a literal `${`. As in a shell, `:-` also replaces an empty value. */
export function fillPlaces(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): FilledText {
  const problems: string[] = []
  const filled = text.replace(PLACES, (place) => {
    if (place.startsWith('$$')) return place.slice(1)
    const match = PLACE.exec(place)
    if (match === null) {
      problems.push(
        `expected \${NAME} or \${NAME:-default}, found ${place}; write $$\{ for a plain \${`,
      )
      return place
    }
    const [, name = '', fallback] = match
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (value !== undefined && (value !== '' || fallback === undefined)) return value
    if (fallback !== undefined) return fallback
    problems.push(`the environment has no ${name}; \${${name}:-default} gives a default`)
    return place
  })
  return { text: filled, problems, whole: PLACE.test(text) }
}
