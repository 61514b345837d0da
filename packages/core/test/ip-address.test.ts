import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ipKey, parseIp } from '../src/address/ip-address.js'
import {
  damaged,
  hex,
  naive,
  randomAddress,
  SeededRandom,
  spelled,
  unmapped,
} from './address-forms.js'

const key = (text: string): string | undefined => {
  const bytes = parseIp(text)
  return bytes === undefined ? undefined : ipKey(bytes)
}

// A few seconds of computing, or more where the machine has other things to do.
describe('parseIp', { timeout: 60_000 }, () => {
  it.each([
    ['192.168.0.2', 'c0a80002'],
    ['::ffff:192.168.0.2', 'c0a80002'],
    ['::FFFF:192.168.0.2', 'c0a80002'],
    ['::ffff:c0a8:2', 'c0a80002'],
    ['0:0:0:0:0:ffff:c0a8:0002', 'c0a80002'],
    ['0000:0000:0000:0000:0000:ffff:192.168.0.2', 'c0a80002'],
    ['::1', '00000000000000000000000000000001'],
    ['0:0:0:0:0:0:0:1', '00000000000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
    ['2001:DB8::a', '20010db800000000000000000000000a'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::192.168.0.2', '000000000000000000000000c0a80002'],
    ['64:ff9b::192.168.0.2', '0064ff9b0000000000000000c0a80002'],
  ])('reads %s', (text, expected) => {
    expect(key(text)).toBe(expected)
  })

  it.each([
    '',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '0x7f.0.0.1',
    '2130706433',
    '1.2.3.-4',
    '1..2.3',
    ':',
    ':::',
    '1::2::3',
    '12345::',
    '::g',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8::',
    '::1.2.3.4:5',
    '1.2.3.4::',
    'fe80::1%',
    '::ffff:1.2.3.04',
    'localhost',
  ])('refuses %j', (text) => {
    expect(key(text)).toBeUndefined()
  })

  it('agrees with a parser made another way, on a hundred thousand addresses in a random form', () => {
    const random = new SeededRandom('addresses')
    for (let run = 0; run < 100_000; run++) {
      const bytes = randomAddress(random)
      const text = spelled(bytes, random)
      // Compared as plain texts: an assertion each would take longer than all the rest.
      const expected = hex(naive(text) ?? [])
      if (key(text) !== expected || expected !== hex(unmapped(bytes)) || isIP(text) === 0) {
        throw new Error(`${text}: ${String(key(text))}, and not ${expected}`)
      }
    }
  })

  it('agrees with it on what is nearly an address, and with the runtime', () => {
    const random = new SeededRandom('nearly')
    for (let run = 0; run < 100_000; run++) {
      const text = damaged(spelled(randomAddress(random), random), random)
      const bytes = naive(text)
      const expected = bytes === undefined ? undefined : hex(bytes)
      // Which zones there are is for the system to say, and they differ about it.
      const known = text.includes('%') || (isIP(text) !== 0) === (expected !== undefined)
      if (key(text) !== expected || !known) {
        throw new Error(
          `${JSON.stringify(text)}: ${String(key(text))}, and not ${String(expected)}`,
        )
      }
    }
  })

  it('agrees with the runtime about what is an address', () => {
    const group = fc.oneof(fc.constantFrom('0', '1', 'ffff', '00ff', '', '12345', 'g', '1.2.3.4'))
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.array(group, { minLength: 1, maxLength: 10 }).map((groups) => groups.join(':')),
      fc.array(fc.nat({ max: 300 }), { minLength: 3, maxLength: 5 }).map((n) => n.join('.')),
    )
    fc.assert(
      fc.property(text, (candidate) => (parseIp(candidate) !== undefined) === isIP(candidate) > 0),
      { numRuns: 20_000 },
    )
  })
})
