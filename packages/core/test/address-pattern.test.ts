import { describe, expect, it } from 'vitest'
import {
  type AddressPattern,
  parseAddressPattern,
  patternMatches,
  specificity,
} from '../src/address/address-pattern.js'
import { parseIp } from '../src/address/ip-address.js'

function pattern(text: string): AddressPattern {
  const parsed = parseAddressPattern(text)
  if (typeof parsed === 'string') throw new Error(parsed)
  return parsed
}

function matches(text: string, address: string): boolean {
  const bytes = parseIp(address)
  return bytes !== undefined && patternMatches(pattern(text), bytes)
}

describe('an address pattern', () => {
  it.each([
    ['192.168.0.2', '192.168.0.2', true],
    ['192.168.0.2', '::ffff:192.168.0.2', true],
    ['::ffff:192.168.0.2', '192.168.0.2', true],
    ['192.168.0.2', '192.168.0.3', false],
    ['192.168.4.0/22', '192.168.7.255', true],
    ['192.168.4.0/22', '192.168.8.0', false],
    ['::ffff:10.0.0.0/104', '10.200.3.4', true],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fe00::1', false],
    ['0.0.0.0', 'fd00::1', true],
    ['::', '10.0.0.1', true],
    ['10.0.0.0/8', '::10.0.0.1', false],
  ])('%s and %s: %s', (text, address, expected) => {
    expect(matches(text, address)).toBe(expected)
  })

  it.each([
    ['192.168.0.2/33', 'expected a prefix length of 0 to 32'],
    ['192.168.0.2/8', 'bits are set behind the prefix'],
    ['192.168.0/24', 'expected an IP address or a CIDR range'],
    ['10.0.0.0/', 'expected a prefix length'],
    ['10.0.0.0/8x', 'expected a prefix length'],
    ['::ffff:10.0.0.0/8', 'expected a prefix length'],
  ])('refuses %s', (text, message) => {
    expect(parseAddressPattern(text)).toContain(message)
  })

  it('counts exact as narrower than any range, and any range as narrower than anyone', () => {
    const order = ['10.0.0.1', '10.0.0.0/31', '10.0.0.0/8', '0.0.0.0/1', '0.0.0.0']
    const values = order.map((text) => specificity(pattern(text)))
    expect([...values].sort((left, right) => right - left)).toEqual(values)
    expect(new Set(values).size).toBe(values.length)
    expect(specificity(pattern('::1'))).toBeGreaterThan(specificity(pattern('::/127')))
  })

  it('takes a full prefix for exact and an empty one for anyone', () => {
    expect(pattern('10.0.0.1/32').kind).toBe('exact')
    expect(pattern('0.0.0.0/0').kind).toBe('anyone')
  })
})
