import { describe, expect, it } from 'vitest'
import { configProblems, decidingEntries, parseIp, pathText, resolveConfig } from '../src/index.js'
import type { EntryOptions, NodeOptions } from '../src/index.js'

const LISTEN = { port: 8000 }
const active = (more: Partial<EntryOptions>): EntryOptions => ({
  role: 'active',
  port: 8001,
  ...more,
})
const passive = (more: Partial<EntryOptions>): EntryOptions => ({ role: 'passive', ...more })
const problems = (options: Partial<NodeOptions>): string[] =>
  configProblems({ listen: LISTEN, links: [], ...options }).map(
    ({ path, message }) => `${pathText(path)}: ${message}`,
  )
const entryProblems = (...links: EntryOptions[]): string[] => problems({ links })

describe('a list of addresses', () => {
  it('is one peer: the entry has all of them, and a name made of them', () => {
    const links = [active({ ip: ['10.0.0.1', '10.0.0.2'] }), passive({ ip: ['10.0.0.1', '::5'] })]
    const { entries } = resolveConfig({ listen: LISTEN, links })
    expect(entries[0]).toMatchObject({ hosts: ['10.0.0.1', '10.0.0.2'], host: '10.0.0.1' })
    expect(entries.map(({ id }) => id)).toEqual([
      'active-10.0.0.1+10.0.0.2:8001',
      'passive-10.0.0.1+::5',
    ])
    expect(entries[1]?.settings.lasting).toBe(true)
  })

  it('decides about each of its addresses', () => {
    const links = [
      passive({ id: 'two', ip: ['10.0.0.1', '10.0.1.0/24'] }),
      passive({ id: 'wide', ip: '10.0.0.0/16', slots: 3 }),
    ]
    const { entries } = resolveConfig({ listen: LISTEN, links })
    const deciding = (text: string): string[] =>
      decidingEntries(entries, parseIp(text) ?? new Uint8Array()).map(({ id }) => id)
    expect(['10.0.0.1', '10.0.1.9', '10.0.0.2'].map(deciding)).toEqual([['two'], ['two'], ['wide']])
  })

  it('has its mistakes at their own places', () => {
    expect(entryProblems(active({ ip: ['10.0.0.1', 'x', '0.0.0.0'] }))).toEqual([
      'links[0].ip[1]: expected an IP address, found "x"; names go under "host"',
      'links[0].ip[2]: 0.0.0.0 means anyone and cannot be dialled',
    ])
    expect(entryProblems(passive({ ip: ['::1', '0:0::1', '10.0.0.1/8'] }))).toEqual([
      'links[0].ip[1]: 0:0::1 is in the list twice',
      `links[0].ip[2]: bits are set behind the prefix of "10.0.0.1/8": name the network's first address`,
    ])
    expect(entryProblems(active({ ip: [] }))).toEqual([
      'links[0].ip: expected 1–64 addresses in the list, found a list',
    ])
    expect(entryProblems(active({ ip: ['10.0.0.1'], host: ['a'] }))).toEqual([
      'links[0].host: an active entry has either "ip" or "host", not both',
    ])
  })

  it('may contain a range that other entries cover, which is reported', () => {
    const halves = [
      passive({ id: 'low', ip: '10.0.0.0/25', slots: 2 }),
      passive({ id: 'high', ip: ['10.0.0.128/25', '10.9.0.1'], slots: 2 }),
    ]
    expect(entryProblems(passive({ ip: ['10.1.0.0/24', '10.0.0.0/24'] }), ...halves)).toEqual([
      'links[0].ip[1]: never filled: every address of 10.0.0.0/24 belongs to low, high',
    ])
    const own = passive({ ip: ['10.0.0.0/31', '10.0.0.0', '10.0.0.1'], slots: 2 })
    expect(entryProblems(own), 'its own addresses take nothing from it').toEqual([])
  })
})

describe('an address that is not written as one', () => {
  it.each<[string, Partial<EntryOptions>, string]>([
    [
      'host',
      { host: 'a,b' },
      'expected a host name, found "a,b", which is a list in one text; write host: [a, b]',
    ],
    ['host', { host: 'a; b' }, 'found "a; b", which is a list in one text; write host: [a, b]'],
    [
      'ip',
      { ip: '10.0.0.1 10.0.0.2' },
      'found "10.0.0.1 10.0.0.2", which is a list in one text; write ip: [10.0.0.1, 10.0.0.2]',
    ],
    ['host', { host: ' a ' }, 'found " a "; remove the blanks: host: a'],
    ['host', { host: 'a:3000' }, 'found "a:3000"; the port has its own key: host: a, port: 3000'],
    ['ip', { ip: '10.0.0.1:3000' }, 'the port has its own key: ip: 10.0.0.1, port: 3000'],
    ['ip', { ip: '[::1]:3000' }, "write the address without brackets: ip: '::1', port: 3000"],
    ['ip', { ip: '[::1]' }, "write the address without brackets: ip: '::1'"],
    ['host', { host: 'tcp://a:3000' }, 'which is a URL; write host: a, port: 3000'],
    ['host', { host: 'http://u:p@a/x?y' }, 'which is a URL; write host: a'],
    ['ip', { ip: 'tcp://[::1]:3000/' }, "which is a URL; write ip: '::1', port: 3000"],
    ['ip', { ip: 'tcp://a:1' }, 'which is a URL; write host: a, port: 1'],
    ['host', { host: '10.0.0.0/8' }, 'expected a host name, found "10.0.0.0/8"'],
    ['host', { host: '10.0.0' }, 'expected a host name, found "10.0.0"'],
    ['host', { host: '*.plant' }, 'expected a host name, found "*.plant"'],
  ])('is named with its remedy in %s: %j', (key, entry, message) => {
    for (const made of [active(entry), passive(entry)]) {
      const [first, ...more] = entryProblems(made)
      expect(more).toEqual([])
      expect(first).toMatch(new RegExp(`^links\\[0\\]\\.${key}: expected `))
      expect(first).toContain(message)
    }
  })

  it('is named in a list, in `bind` and in `listen` too', () => {
    expect(entryProblems(active({ host: ['a', 'b:1'] }))).toEqual([
      'links[0].host[1]: expected a host name, found "b:1"; the port has its own key: host: b, port: 1',
    ])
    expect(problems({ listen: { port: 1, host: '10.0.0.1, 10.0.0.2' } })).toEqual([
      'listen.host: expected an IP address, found "10.0.0.1, 10.0.0.2", which is a list in one text; this key has one address, and 0.0.0.0 stands for all of them',
    ])
    expect(problems({ listen: { port: 1, host: '0.0.0.0:3000' } })).toEqual([
      'listen.host: expected an IP address, found "0.0.0.0:3000"; the port has its own key: host: 0.0.0.0, port: 3000',
    ])
  })
})

describe('the addresses of an active entry', () => {
  it('rotate by default, and fail back only to a first address', () => {
    const failBackAfter = '10m'
    const settings = (more: Partial<EntryOptions>) =>
      resolveConfig({ links: [active({ ip: '10.0.0.1', ...more })] }).entries[0]?.settings
    expect(settings({})).toMatchObject({ addressOrder: 'rotate', failBackMs: 0 })
    expect(settings({ addresses: { order: 'prefer-first', failBackAfter } })).toMatchObject({
      addressOrder: 'prefer-first',
      failBackMs: 600_000,
    })
    expect(entryProblems(active({ ip: '10.0.0.1', addresses: { failBackAfter } }))).toEqual([
      'links[0].addresses.failBackAfter: only "order: prefer-first" has a first address to go back to',
    ])
    expect(entryProblems(passive({ ip: '10.0.0.1', addresses: {} }))).toEqual([
      'links[0].addresses: only an active entry has "addresses"',
    ])
  })
})
