import { LINK_TRANSITIONS, type LinkRole, type LinkState } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { codeBlocks, sectionOf, tableRows } from './page.js'
import { textOf } from './source-tree.js'

const PAGE = textOf('docs/link-states.md')
const SECTIONS: readonly (readonly [LinkRole, string])[] = [
  ['active', '## Active links'],
  ['passive', '## Passive links'],
]

function transitions(role: LinkRole): string[] {
  return Object.entries(LINK_TRANSITIONS[role]).flatMap(([state, row]) =>
    Object.entries(row).map(([event, next]) => `${state} ${event} ${next}`),
  )
}

describe('docs/link-states.md', () => {
  it.each(SECTIONS)('tables every transition of an %s link and no other', (role, heading) => {
    const rows = tableRows(sectionOf(PAGE, heading), ['state', 'event', 'next'])
    expect(rows.map((row) => row.slice(0, 3).join(' '))).toEqual(transitions(role))
  })

  it.each(SECTIONS)('draws every transition of an %s link and no other', (role, heading) => {
    const [diagram] = codeBlocks(sectionOf(PAGE, heading))
    expect(diagram?.language).toBe('mermaid')
    const arrows = [...(diagram?.code ?? '').matchAll(/^ {2}(\w+) --> (\w+): (\w+)$/gm)]
    const drawn = arrows.map(([, state = '', next = '', event = '']) => `${state} ${event} ${next}`)
    expect(drawn.sort()).toEqual(transitions(role).sort())
  })

  it('explains each state, and its roles', () => {
    const rows = tableRows(PAGE, ['state', 'meaning', 'role'])
    const told = Object.fromEntries(rows.map(([state = '', , role = '']) => [state, role]))
    const roles = (state: LinkState): string => {
      // A state of the other role has no way out and no way in.
      const has = (role: LinkRole): boolean =>
        transitions(role).some((line) => line.startsWith(`${state} `) || line.endsWith(` ${state}`))
      return has('active') && has('passive') ? 'both' : has('active') ? 'active' : 'passive'
    }
    const states = Object.keys(LINK_TRANSITIONS.active) as LinkState[]
    expect(told).toEqual(Object.fromEntries(states.map((state) => [state, roles(state)])))
  })
})
