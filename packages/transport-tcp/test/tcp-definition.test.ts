import { describe, expect, it } from 'vitest'
import type { PluginOptions, PluginSide } from '@commloop/core'
import plugin, { TcpTransport } from '../src/index.js'
import { kernelShowsSockets } from '../src/kernel-look.js'

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

describe('the check of identities', () => {
  function problemsOf(identity: string | readonly string[], tls: PluginOptions) {
    const use = {
      path: ['transport'],
      node: { listen: { tls }, links: [{ role: 'passive', identity }] },
    } as const
    const problems = plugin.check?.({}, use).problems ?? []
    return problems.filter(({ path }) => path[0] === 'links').map(({ path }) => path)
  }

  it('accepts names that a certificate can prove', () => {
    expect(problemsOf('mes.example', {})).toEqual([])
    expect(problemsOf(['mes.example', 'press.example'], {})).toEqual([])
  })

  it('marks a name that no certificate can prove, alone and in a list', () => {
    expect(problemsOf('MES.example', {})).toEqual([['links', 0, 'identity']])
    expect(problemsOf(['mes.example', 'SHA256:00'], {})).toEqual([['links', 0, 'identity', 1]])
  })

  it('rejects identities if the listener does not verify its peers', () => {
    expect(problemsOf('mes.example', { verifyPeer: false })).toEqual([['links', 0, 'identity']])
  })

  it('does not apply to entries without an identity, or that dial', () => {
    const links = [{ role: 'passive' }, { role: 'active', identity: 'MES' }] as const
    const use = { path: ['transport'], node: { listen: { tls: { verifyPeer: false } }, links } }
    const paths = plugin.check?.({}, use).problems.map(({ path }) => path[0])
    expect(paths).not.toContain('links')
  })

  it('reports the problems of a section that entries share once', () => {
    const tls = { x: 1 }
    const links = [
      { role: 'active', tls },
      { role: 'active', tls },
      { role: 'active', tls: { x: 2 } },
    ] as const
    const found = plugin.check?.({}, { path: ['transport'], node: { links } })
    expect(found?.problems.map(({ path }) => path[1])).toEqual([0, 2])
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

describe('what the peer has acknowledged', () => {
  it('is known if the system has a table of its sockets', () => {
    expect(new TcpTransport().tellsUnacknowledged).toBe(process.platform === 'linux')
    expect(kernelShowsSockets(['/no/such/table'])).toBe(false)
  })
})
