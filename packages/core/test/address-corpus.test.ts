import { describe, expect, it } from 'vitest'
import { parseAddressPattern, patternMatches } from '../src/address/address-pattern.js'
import { parseIp } from '../src/address/ip-address.js'

const LISTED = '192.168.0.2'
const LISTED_6 = '2001:db8::2'

/** The listed addresses, however they are written. */
const SAME = [
  '192.168.0.2',
  '::ffff:192.168.0.2',
  '::FFFF:192.168.0.2',
  '::fFfF:192.168.0.2',
  '::ffff:c0a8:2',
  '::ffff:c0a8:0002',
  '::FFFF:C0A8:0002',
  '0:0:0:0:0:ffff:192.168.0.2',
  '0:0:0:0:0:ffff:c0a8:2',
  '0000:0000:0000:0000:0000:ffff:c0a8:0002',
  '0000:0000:0000:0000:0000:FFFF:192.168.0.2',
  '0::ffff:192.168.0.2',
  '0:0::ffff:c0a8:2',
  '::0:ffff:c0a8:2',
  '::0:0:0:ffff:192.168.0.2',
  '::ffff:192.168.0.2%lo',
]
const SAME_6 = [
  '2001:db8::2',
  '2001:DB8::2',
  '2001:0db8::2',
  '2001:0db8::0002',
  '2001:db8:0::2',
  '2001:db8::0:2',
  '2001:db8:0:0::2',
  '2001:db8:0:0:0:0:0:2',
  '2001:0db8:0000:0000:0000:0000:0000:0002',
  '2001:db8::0.0.0.2',
  '2001:db8:0:0:0:0:0.0.0.2',
  '2001:db8::2%eth0',
]
/** Others that look like them: they mean another address, or none. */
const OTHER = [
  '192.168.0.20',
  '192.168.0.3',
  '92.168.0.2',
  '192.168.0.2.',
  '.192.168.0.2',
  '192.168.0.02',
  '192.168.000.2',
  '0192.168.0.2',
  '0300.0250.0.2',
  '0xc0.0xa8.0.2',
  '0xc0a80002',
  '3232235522',
  '192.168.2',
  '192.11010050',
  '192.168.0.2/32',
  '192.168.0.2:8000',
  '[192.168.0.2]',
  ' 192.168.0.2',
  '192.168.0.2 ',
  '192.168.0.2\n',
  '192.168.0.2\0',
  '192.168.0.2%lo',
  '192.168.0.2,10.0.0.1',
  '192.168.0.٢',
  '１９２.168.0.2',
  '192。168。0。2',
  '::192.168.0.2',
  '::c0a8:2',
  '64:ff9b::192.168.0.2',
  '2002:c0a8:2::',
  '::fffe:192.168.0.2',
  '::ffff:0:192.168.0.2',
  '::1:ffff:c0a8:2',
  '1::ffff:c0a8:2',
  'ffff:192.168.0.2',
  ':ffff:192.168.0.2',
  '::ffff:192.168.0',
  '::ffff:192.168.0.2.1',
  '::ffff:192.168.0.02',
  '::ffff:192.168.0.2:0',
  '::ffff:1c0a8:2',
  '2001:db8::20',
  '2001:db8::2:0',
  '2001:db8:2::',
  '2001:db8::2::',
  '2001:db8:::2',
  '2001:db8::g2',
  '2001:db8::00002',
  '[2001:db8::2]',
  '2001:db8::2/128',
  '2001:db8::2%',
  '',
  'localhost',
  'undefined',
]

function matches(listed: string, remote: string): boolean {
  const pattern = parseAddressPattern(listed)
  if (typeof pattern === 'string') throw new Error(pattern)
  const address = parseIp(remote)
  return address !== undefined && patternMatches(pattern, address)
}

describe('a peer with a listed address', () => {
  it('has enough forms to test', () => {
    expect(SAME.length + SAME_6.length + OTHER.length).toBeGreaterThanOrEqual(60)
  })

  it.each(SAME)('is let in as %s, whichever of the forms the table has', (remote) => {
    for (const listed of SAME) expect(matches(listed, remote), listed).toBe(true)
    for (const listed of SAME_6) expect(matches(listed, remote), listed).toBe(false)
  })

  it.each(SAME_6)('is let in as %s, whichever of the forms the table has', (remote) => {
    for (const listed of SAME_6) expect(matches(listed, remote), listed).toBe(true)
    for (const listed of SAME) expect(matches(listed, remote), listed).toBe(false)
  })
})

describe('a peer whose address only resembles a listed one', () => {
  it.each(OTHER)('is not let in: %j', (remote) => {
    expect(matches(LISTED, remote)).toBe(false)
    expect(matches(LISTED_6, remote)).toBe(false)
  })
})
