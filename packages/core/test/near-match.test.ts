import { describe, expect, it } from 'vitest'
import { nearMatch } from '../src/audit/near-match.js'
import { resolveConfig } from '../src/index.js'
import type { PassiveEntryConfig } from '../src/index.js'

function entries(...ips: readonly string[]): PassiveEntryConfig[] {
  const links = ips.map((ip, at) => ({ id: `e${String(at)}`, role: 'passive' as const, ip }))
  const config = resolveConfig({ listen: { port: 1 }, links })
  return config.entries.filter((entry) => entry.role === 'passive')
}

describe('an address nearly matches an entry', () => {
  it.each([
    ['192.168.0.3', '192.168.0.2', 'one octet differs'],
    ['192.168.1.2', '192.168.0.2', 'one octet differs'],
    ['10.168.0.2', '192.168.0.2', 'one octet differs'],
    ['::ffff:192.168.0.3', '192.168.0.2', 'one octet differs'],
    ['192.168.0.21', '192.168.0.12', 'two octets or digits are swapped'],
    ['192.168.10.1', '192.168.1.10', 'two octets or digits are swapped'],
    ['168.192.0.2', '192.168.0.2', 'two octets or digits are swapped'],
    ['192.168.5.7', '192.168.4.0/24', 'one octet differs'],
    ['192.168.16.7', '192.168.0.0/20', 'one octet differs'],
    ['2001:db8::1:2:3:4', '2001:db8::9', 'same /64'],
  ])('%s and %s: %s', (ip, pattern, slip) => {
    expect(nearMatch(ip, entries(pattern))).toBe(`nearly matches entry "e0" (${pattern}): ${slip}`)
  })

  it.each([
    ['192.168.1.3', '192.168.0.2'],
    ['192.169.5.7', '192.168.4.0/24'],
    ['2001:db8:0:1::9', '2001:db8::9'],
    ['fe80::1', '192.168.0.2'],
    ['192.168.0.3', '0.0.0.0'],
    ['unknown', '192.168.0.2'],
  ])('not %s and %s', (ip, pattern) => {
    expect(nearMatch(ip, entries(pattern))).toBeUndefined()
  })

  it('of which a swap is named before another number, and else the first', () => {
    const table = entries('192.168.0.13', '192.168.0.14', '192.168.0.21')
    expect(nearMatch('192.168.0.12', table)).toContain('"e2"')
    expect(nearMatch('192.168.0.99', table)).toContain('"e0"')
  })
})
