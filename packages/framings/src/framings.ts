import type { Framing } from './framing.js'
import { INDUSTRY } from './presets/industry.js'
import { METERS } from './presets/meters.js'
import { PAYMENTS } from './presets/payments.js'
import { PLAIN_LENGTHS } from './presets/plain-lengths.js'
import { SERVICES } from './presets/services.js'

/** Every framing that has a name, in the order in which lists show them. */
export const FRAMINGS: readonly Framing[] = [
  ...PLAIN_LENGTHS,
  ...INDUSTRY,
  ...METERS,
  ...SERVICES,
  ...PAYMENTS,
]

/** The framing with this name; undefined if there is none. */
export function framing(name: string): Framing | undefined {
  return FRAMINGS.find((each) => each.name === name)
}
