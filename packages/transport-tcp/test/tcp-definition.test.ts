import { describe, expect, it } from 'vitest'
import type { PluginSide } from '@commloop/core'
import plugin from '../src/index.js'

function side(more: Partial<PluginSide>): PluginSide {
  return {
    node: 'north',
    role: 'active',
    options: {},
    transportOptions: {},
    identities: undefined,
    heartbeats: [],
    ...more,
  }
}

const LISTENS = side({ node: 'south', role: 'passive' })
const CERTIFICATE = { cert: './tls/node.pem', key: './tls/node.key' }

describe('the definition of the transport', () => {
  it('counts one descriptor for each unfinished handshake', () => {
    expect(plugin.descriptors?.({})).toBe(64)
    expect(plugin.descriptors?.({ handshakes: 3 })).toBe(3)
  })

  it('checks only entries and listeners that use TLS', () => {
    const links = [{ role: 'active' }, { role: 'passive' }] as const
    const use = { path: ['transport'], node: { listen: { port: 1 }, links } }
    expect(plugin.check?.({}, use)).toEqual({ problems: [], warnings: [] })
  })

  it('reports problems and warnings with the path of the option', () => {
    const links = [{ role: 'active', tls: { verifyPeer: false, x: 1 } }] as const
    const found = plugin.check?.({}, { path: ['transport'], node: { links } })
    expect(found?.problems).toMatchObject([{ path: ['links', 0, 'tls', 'x'] }])
    expect(found?.warnings).toMatchObject([{ path: ['links', 0, 'tls', 'verifyPeer'] }])
  })
})

describe('the comparison of two sides', () => {
  it.each([
    ['neither uses TLS', {}, {}, []],
    ['both use TLS', { tls: {} }, { tls: {} }, []],
    ['only the dialer uses TLS', { tls: {} }, {}, ['tls-one-side']],
    ['only the listener uses TLS', {}, { tls: {} }, ['tls-one-side']],
  ])('%s', (_, dials, listens, findings) => {
    const found = plugin.compare?.(
      side({ transportOptions: dials }),
      side({ ...LISTENS, transportOptions: listens }),
    )
    expect(found?.map(({ finding }) => finding)).toEqual(findings)
  })

  it('finds that a required certificate is missing', () => {
    const acceptor = { ...LISTENS, transportOptions: { tls: {} }, identities: ['mes.example'] }
    const bare = plugin.compare?.(side({ transportOptions: { tls: {} } }), acceptor)
    expect(bare).toEqual([
      {
        finding: 'identity-unproved',
        message:
          'south requires a certificate of mes.example, and north presents none: set "tls.cert" and "tls.key"',
      },
    ])
    const proved = side({ transportOptions: { tls: CERTIFICATE } })
    expect(plugin.compare?.(proved, acceptor)).toEqual([])
  })
})

describe('the counterpart of a side', () => {
  it('is empty without TLS', () => {
    expect(plugin.counterpart?.(side({}))).toEqual({ options: {}, notes: [] })
  })

  it('verifies our dials only if they present a certificate', () => {
    const bare = plugin.counterpart?.(side({ transportOptions: { tls: {} } }))
    expect(bare?.options).toEqual({ tls: { ...CERTIFICATE, verifyPeer: false } })
    const proved = plugin.counterpart?.(side({ transportOptions: { tls: CERTIFICATE } }))
    expect(proved?.options).toEqual({ tls: { ...CERTIFICATE, ca: './tls/ca.pem' } })
  })

  it('names the identity that our listener requires', () => {
    const listens = { ...LISTENS, transportOptions: { tls: {} }, identities: ['a', 'b'] }
    const found = plugin.counterpart?.(listens)
    expect(found?.options).toEqual({ tls: { ...CERTIFICATE, ca: './tls/ca.pem' } })
    expect(found?.notes.at(-1)).toBe('tls: the certificate must prove the name a or b')
  })
})
