import type { Framing } from '../framing.js'
import { DELIMITED_BLOCKS } from './delimited-blocks.js'
import { DELIMITED_ESCAPED } from './delimited-escaped.js'
import { DELIMITED_TEXT } from './delimited-text.js'
import { INDUSTRY } from './industry.js'
import { METERS } from './meters.js'
import { PAYMENTS } from './payments.js'
import { PLAIN_LENGTHS } from './plain-lengths.js'
import { SERVICES } from './services.js'

/** Every framing that has a name, in the order in which lists show them. */
export const FRAMINGS: readonly Framing[] = [
  ...PLAIN_LENGTHS,
  ...DELIMITED_TEXT,
  ...DELIMITED_BLOCKS,
  ...DELIMITED_ESCAPED,
  ...INDUSTRY,
  ...METERS,
  ...SERVICES,
  ...PAYMENTS,
]

/** The framing with this name; undefined if there is none. */
export function framing(name: string): Framing | undefined {
  return FRAMINGS.find((each) => each.name === name)
}
