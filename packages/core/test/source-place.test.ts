import { describe, expect, it } from 'vitest'
import { configProblems, pathText, resolveConfig, sourcePortWarnings } from '../src/index.js'
import type { EntryOptions, NodeOptions } from '../src/index.js'

const active = (more: Partial<EntryOptions>): EntryOptions => ({
  role: 'active',
  ip: '10.0.0.2',
  port: 8001,
  ...more,
})
const warnings = (...links: EntryOptions[]): string[] => warningsOf({ links })
const warningsOf = (options: NodeOptions): string[] =>
  sourcePortWarnings(resolveConfig(options)).map(
    ({ path, message }) => `${pathText(path)}: ${message}`,
  )

describe('the source of dials', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1', undefined],
    ['10.0.0.1:5000', '10.0.0.1', 5000],
    ['0.0.0.0:5000', '0.0.0.0', 5000],
    ['fd00::1', 'fd00::1', undefined],
    ['fd00::1:5000', 'fd00::1:5000', undefined],
    ['[fd00::1]:5000', 'fd00::1', 5000],
    ['[fd00::1]', 'fd00::1', undefined],
  ])('%s: address %s, port %s', (bind, ip, port) => {
    const [own] = resolveConfig({ links: [active({ bind })] }).entries
    expect(own).toMatchObject({ bind: ip, bindPort: port })
    const [inherited] = resolveConfig({ bind, links: [active({})] }).entries
    expect(inherited).toMatchObject({ bind: ip, bindPort: port })
  })

  it.each([
    ['eth0', 'expected an IP address, found "eth0"'],
    ['eth0:5000', 'expected an IP address, found "eth0:5000"'],
    ['10.0.0.1:0', 'expected a source port of 1–65535, found 0'],
    ['10.0.0.1:65536', 'expected a source port of 1–65535, found 65536'],
    ['10.0.0.1,10.0.0.2', 'which is a list in one text; "bind" has one address'],
    [' 10.0.0.1', 'remove the blanks: bind: 10.0.0.1'],
    ['tcp://10.0.0.1:5', 'which is a URL; write bind: 10.0.0.1'],
  ])('%s: %s', (bind, problem) => {
    const [found, ...more] = configProblems({ links: [active({ bind })] })
    expect(more).toEqual([])
    expect(found?.message).toContain(problem)
  })
})

describe('a fixed source port', () => {
  it('does not cause a warning if the peers differ, in address or in port', () => {
    const bind = '10.0.0.1:5000'
    const links = [
      active({ bind }),
      active({ bind, ip: '10.0.0.3' }),
      active({ bind, port: 8002 }),
      active({ bind: '10.0.0.9:5000' }),
      active({ bind: '10.0.0.1' }),
      active({ bind, enabled: false }),
    ]
    expect(warnings(...links)).toEqual([])
  })

  it('causes a warning if two entries dial the same peer from it', () => {
    const text =
      '"a" dials the same peer from 10.0.0.1:5000 too, and only one of them can be connected: give each its own port'
    const a = active({ id: 'a', ip: ['10.0.0.9', '10.0.0.2'], bind: '0.0.0.0:5000' })
    expect(warnings(a, active({ bind: '10.0.0.1:5000' }))).toEqual([`links[1].bind: ${text}`])
  })

  it('causes a warning if the node listens there', () => {
    const listen = { port: 5000 }
    expect(warningsOf({ listen, links: [active({ bind: '10.0.0.1:5000' })] })).toEqual([
      'links[0].bind: this node listens at 0.0.0.0:5000, so it cannot dial from 10.0.0.1:5000: choose another port',
    ])
  })
})
