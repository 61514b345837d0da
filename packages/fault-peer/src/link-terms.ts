import type { EntryConfig, LinkSettings } from '@commloop/core'
import { STANDARD_SHAPE, type WireShape } from './wire-shape.js'

/** What the node under test says of itself in its own table: how long it bears what, and what it takes. */
export interface LinkTerms {
  /** The node's role: it dials (`active`), or waits to be dialled (`passive`). */
  readonly role: 'active' | 'passive'
  readonly shape: WireShape
  /** Connections at once, and what happens to one more. Of an active entry: 1 and `reject`. */
  readonly slots: number
  readonly duplicate: 'challenge' | 'reject' | 'replace'
  readonly settings: Pick<
    LinkSettings,
    'partialFrameMs' | 'stallMs' | 'silenceMs' | 'heartbeat' | 'halfCloseMs' | 'lingerMs'
  >
  /** The least time between two dials. */
  readonly redialMsMin: number
}

/** Of the standard backoff. */
const REDIAL_MS_MIN = 100

/** The terms of one entry of a table, as core has resolved it. */
export function linkTerms(
  entry: EntryConfig,
  { shape = STANDARD_SHAPE, redialMsMin = REDIAL_MS_MIN } = {},
): LinkTerms {
  const passive = entry.role === 'passive'
  return {
    role: entry.role,
    shape,
    slots: entry.linkIds.length,
    duplicate: passive ? entry.duplicate : 'reject',
    settings: entry.settings,
    redialMsMin,
  }
}
