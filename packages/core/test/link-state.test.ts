import { describe, expect, it } from 'vitest'
import { LINK_TRANSITIONS, nextLinkState } from '../src/link/link-state.js'
import type { LinkEvent, LinkRole } from '../src/link/link-state.js'
import type { LinkState } from '../src/contracts/send-router.js'

const ROLES: readonly LinkRole[] = ['active', 'passive']

function reachable(role: LinkRole, from: LinkState): Set<LinkState> {
  const table: Readonly<Record<LinkState, Partial<Record<LinkEvent, LinkState>>>> =
    LINK_TRANSITIONS[role]
  const seen = new Set<LinkState>([from])
  for (const state of seen) for (const next of Object.values(table[state])) seen.add(next)
  return seen
}

describe("a link's life", () => {
  it.each(ROLES)('lets every state that an %s link can be in reach closed', (role) => {
    for (const state of reachable(role, 'idle')) {
      expect(reachable(role, state), state).toContain('closed')
    }
  })

  it('never shows a passive link dialling, nor an active one awaiting', () => {
    for (const state of ['dialing', 'backoff', 'exhausted'] as const) {
      expect(reachable('passive', 'idle')).not.toContain(state)
    }
    expect(reachable('active', 'idle')).not.toContain('awaiting')
  })

  it('drains only what is up', () => {
    for (const role of ROLES) {
      for (const [state, row] of Object.entries(LINK_TRANSITIONS[role])) {
        const drains = Object.values(row).some((next) => next === 'draining')
        expect(drains, `${role} ${state}`).toBe(state === 'up')
      }
    }
  })

  it('throws on a pair that is not listed, naming both', () => {
    expect(() => nextLinkState('active', 'idle', 'opened')).toThrow(
      "link: event 'opened' is impossible in state 'idle' of an active link",
    )
    expect(() => nextLinkState('passive', 'closed', 'start')).toThrow('impossible')
  })
})
