import type { LinkState } from '../contracts/send-router.js'

/** `active`: the link dials. `passive`: it waits for a peer that dials. */
export type LinkRole = 'active' | 'passive'

/** What can change the state of a link. */
export type LinkEvent =
  | 'start'
  | 'opened'
  | 'failed'
  | 'lost'
  | 'retryDue'
  | 'gaveUp'
  | 'rearm'
  | 'stop'
  | 'disable'
  | 'drained'
  | 'drainedDisabled'

type TransitionTable = Readonly<Record<LinkState, Readonly<Partial<Record<LinkEvent, LinkState>>>>>

/**
 * The whole life of a link. A pair that is not listed cannot happen, and is a bug if it does. Only a link that is `up`
 * has something to drain, so only from there `stop` and `disable` lead to `draining`. It ends in `closed` (`drained`)
 * or, after `disable`, in `idle` (`drainedDisabled`).
 */
export const LINK_TRANSITIONS = {
  active: {
    idle: { start: 'dialing', stop: 'closed', disable: 'idle' },
    dialing: {
      opened: 'up',
      failed: 'backoff',
      gaveUp: 'exhausted',
      stop: 'closed',
      disable: 'idle',
    },
    up: { lost: 'backoff', gaveUp: 'exhausted', stop: 'draining', disable: 'draining' },
    backoff: { retryDue: 'dialing', stop: 'closed', disable: 'idle' },
    exhausted: { rearm: 'dialing', stop: 'closed', disable: 'idle' },
    draining: { drained: 'closed', drainedDisabled: 'idle' },
    closed: {},
    awaiting: {},
  },
  passive: {
    idle: { start: 'awaiting', stop: 'closed', disable: 'idle' },
    awaiting: { opened: 'up', failed: 'awaiting', stop: 'closed', disable: 'idle' },
    up: { lost: 'awaiting', stop: 'draining', disable: 'draining' },
    draining: { drained: 'closed', drainedDisabled: 'idle' },
    closed: {},
    dialing: {},
    backoff: {},
    exhausted: {},
  },
} as const satisfies Record<LinkRole, TransitionTable>

/** Pure: the caller performs the effects. @throws Error on a pair outside the table. */
export function nextLinkState(role: LinkRole, state: LinkState, event: LinkEvent): LinkState {
  const table: TransitionTable = LINK_TRANSITIONS[role]
  const next = table[state][event]
  if (next === undefined) {
    throw new Error(`link: event '${event}' is impossible in state '${state}' of an ${role} link`)
  }
  return next
}
