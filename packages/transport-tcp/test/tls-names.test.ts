import type { PeerCertificate } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { unprovableName, provedNames } from '../src/tls-names.js'

const FINGERPRINT = 'sha256:0a1b'

/** The fields that are used, as Node 20, 22 and 24 provide them. */
function names(certificate: { subjectaltname?: string; subject?: { CN?: unknown } }): string[] {
  const whole = { subject: {}, fingerprint256: '0A:1B', ...certificate }
  const proved = provedNames(whole as unknown as PeerCertificate)
  expect(proved.at(-1)).toBe(FINGERPRINT)
  return proved.slice(0, -1)
}

describe('the names that a certificate proves', () => {
  it('are its DNS names, addresses and URIs, in order', () => {
    const subjectaltname =
      'DNS:Furnace.Example, IP Address:192.168.0.2, IP Address:FE80:0:0:0:0:0:0:1, URI:spiffe://plant/Mes, DNS:*.plant.example'
    expect(names({ subjectaltname, subject: { CN: 'ignored' } })).toEqual([
      'furnace.example',
      '192.168.0.2',
      'fe80::1',
      'spiffe://plant/Mes',
      '*.plant.example',
    ])
  })

  it('include the common name only if there are no alternative names', () => {
    expect(names({ subject: { CN: 'Furnace 1' } })).toEqual(['furnace 1'])
    expect(names({ subjectaltname: 'email:a@b.example', subject: { CN: 'furnace' } })).toEqual([])
    expect(names({ subject: { CN: ['furnace', 'mes'] } })).toEqual([])
    expect(names({ subject: {} })).toEqual([])
  })

  it('do not include other types', () => {
    const subjectaltname =
      'email:a@b.example, othername:<unsupported>, Registered ID:1.2.3, DirName:"CN=q\\\\\\u002c DNS:z", DNS:last'
    expect(names({ subjectaltname })).toEqual(['last'])
  })

  it('cannot be injected by commas and quotes in a name', () => {
    expect(names({ subjectaltname: 'DNS:"x\\u002c DNS:admin", DNS:last' })).toEqual(['last'])
    expect(names({ subjectaltname: 'URI:"spiffe://a\\", DNS:admin", DNS:last' })).toEqual(['last'])
  })

  it('are empty if part of the text cannot be parsed', () => {
    expect(names({ subjectaltname: 'DNS:first, "DNS:admin' })).toEqual([])
    expect(names({ subjectaltname: 'DNS:first,DNS:second' })).toEqual([])
    expect(names({ subjectaltname: 'DNS:fi"rst, DNS:admin' })).toEqual([])
  })

  it.each([
    ['a DNS name for an address', 'DNS:192.168.0.2'],
    ['a DNS name for an IPv6 address', 'DNS:fe80::1'],
    ['a DNS name for a URI', 'DNS:spiffe://plant/mes'],
    ['a DNS name for a fingerprint', 'DNS:sha256:0a1b'],
    ['a URI for a fingerprint', 'URI:SHA256:0a1b'],
    ['a URI for a name', 'URI:furnace.example'],
    ['a URI for an IPv6 address', 'URI:fe80::1'],
    ['an address for a name', 'IP Address:furnace'],
    ['an empty name', 'DNS:'],
  ])('do not let one type pass for another: %s', (_what, subjectaltname) => {
    expect(names({ subjectaltname })).toEqual([])
  })

  it.each(['192.168.0.2', 'fe80::1', 'sha256:0a1b', 'spiffe://plant/mes', ''])(
    'do not take the common name %o for what it looks like',
    (CN) => {
      expect(names({ subject: { CN } })).toEqual([])
    },
  )
})

describe('a required name', () => {
  const HEX = '0123456789abcdef'.repeat(4)

  it.each([
    'furnace.example',
    '*.plant.example',
    '192.168.0.2',
    'fe80::1',
    'spiffe://plant/Mes',
    `sha256:${HEX}`,
    'furnace 1',
  ])('is valid: %s', (name) => {
    expect(unprovableName(name)).toBeUndefined()
  })

  it.each([
    ['Furnace.example', 'no certificate can prove this spelling; write furnace.example'],
    ['FE80:0::1', 'no certificate can prove this spelling; write fe80::1'],
    [`sha256:${HEX.toUpperCase()}`, /^expected sha256: and 64 hexadecimal digits in lower case/],
    [`SHA256:${HEX}`, /^expected sha256:/],
    ['sha256:0A:1B', /^expected sha256:/],
  ])('is not valid: %s', (name, problem) => {
    expect(unprovableName(name)).toMatch(problem)
  })
})
