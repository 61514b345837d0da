import type { EntryConfig, LinkSettings } from '@commloop/core'
import { DEFAULT_SHAPE, type WireShape } from './wire-shape.js'

/** What the node under test promises: its role, its framing, its limits and its timeouts. */
export interface LinkTerms {
  /** The node's role: it dials (`active`), or waits to be dialled (`passive`). */
  readonly role: 'active' | 'passive'
  readonly shape: WireShape
  /** How many connections the entry allows, and what happens to a further one. An active entry: 1 and `reject`. */
  readonly slots: number
  readonly duplicate: 'challenge' | 'reject' | 'replace'
  readonly settings: Pick<
    LinkSettings,
    'partialFrameMs' | 'stallMs' | 'silenceMs' | 'heartbeat' | 'halfCloseMs' | 'lingerMs'
  >
  /** The shortest time between two dials, in milliseconds. */
  readonly redialMsMin: number
}

/** The shortest delay of the default backoff. */
const REDIAL_MS_MIN = 100

/** The terms of an entry of a commloop node, for example of `node.config.entries`. */
export function linkTerms(
  entry: EntryConfig,
  { shape = DEFAULT_SHAPE, redialMsMin = REDIAL_MS_MIN } = {},
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

/** What a server of your own promises. Times are in milliseconds; 0 means that the server has no such timeout. */
export interface ServerTerms {
  /** Default `DEFAULT_SHAPE`. */
  readonly shape?: WireShape
  /** How many connections the server accepts from one address; default 1. */
  readonly slots?: number
  /** What it does with a further connection; default `reject`. */
  readonly duplicate?: LinkTerms['duplicate']
  /** It ends a connection whose frame is not complete after this time; default 0. */
  readonly partialFrameMs?: number
  /** It ends a connection on which a write does not finish within this time; default 0. */
  readonly stallMs?: number
  /** It ends a connection on which nothing arrives for this time; default 0. */
  readonly silenceMs?: number
  /** How long it may take to end its side after the FIN of the peer; default 0. */
  readonly halfCloseMs?: number
}

/** The terms of a TCP server that is not a commloop node. */
export function serverTerms(terms: ServerTerms = {}): LinkTerms {
  const { partialFrameMs = 0, stallMs = 0, silenceMs = 0, halfCloseMs = 0 } = terms
  return {
    role: 'passive',
    shape: terms.shape ?? DEFAULT_SHAPE,
    slots: terms.slots ?? 1,
    duplicate: terms.duplicate ?? 'reject',
    settings: {
      partialFrameMs,
      stallMs,
      silenceMs,
      halfCloseMs,
      heartbeat: undefined,
      lingerMs: 0,
    },
    redialMsMin: REDIAL_MS_MIN,
  }
}
