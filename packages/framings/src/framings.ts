import type { Framing } from './framing.js'
import { PLAIN_LENGTHS } from './presets/plain-lengths.js'

/** Every framing that has a name, in the order in which lists show them. */
export const FRAMINGS: readonly Framing[] = [...PLAIN_LENGTHS]

/** The framing with this name; undefined if there is none. */
export function framing(name: string): Framing | undefined {
  return FRAMINGS.find((each) => each.name === name)
}
