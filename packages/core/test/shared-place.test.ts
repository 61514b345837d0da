import { describe, expect, it } from 'vitest'
import { type EntryOptions, resolveOptions } from '../src/index.js'

function warningsOf(...links: EntryOptions[]): string[] {
  const { warnings } = resolveOptions({ links })
  return warnings.map(({ path, message }) => `${path.join('.')} ${message}`)
}

function active(more: Partial<EntryOptions>): EntryOptions {
  return { role: 'active', ip: '10.0.0.2', port: 8001, ...more }
}

describe('two active entries for one place', () => {
  it('are a warning that names the first one and the remedy', () => {
    expect(warningsOf(active({ id: 'a' }), active({ id: 'b' }))).toEqual([
      'links.1 dials the same address as links[0] ("a"): the peer sees two connections from one address. ' +
        'Remove one of the two, or give each its own "bind"',
    ])
  })

  it('are recognised in every spelling of an address or a name', () => {
    expect(warningsOf(active({}), active({ ip: '::ffff:10.0.0.2' }))).toHaveLength(1)
    const named = { role: 'active', port: 1 } as const
    expect(
      warningsOf({ ...named, host: 'MES.example' }, { ...named, host: 'mes.example.' }),
    ).toHaveLength(1)
  })

  it.each([
    ['other ports', active({ port: 8002 })],
    ['another source address', active({ bind: '10.0.0.9' })],
    ['a disabled entry', active({ enabled: false })],
    ['a passive entry', { role: 'passive', ip: '10.0.0.2' }],
  ] as [string, EntryOptions][])('are not those with %s', (_what, other) => {
    expect(warningsOf(active({}), other)).toEqual([])
  })
})

describe('a reconnect strategy of a passive entry', () => {
  it('is a warning: it has no effect', () => {
    const reconnect = { spec: 'x', value: { delayMs: () => 0 } }
    const passive = { role: 'passive', ip: '10.0.0.2', reconnect } as const
    expect(warningsOf(passive)).toEqual([
      'links.0.reconnect has no effect: a passive entry never dials',
    ])
  })
})
