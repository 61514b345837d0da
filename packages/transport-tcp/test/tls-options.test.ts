import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EntryOptions, resolveConfig } from '@commloop/core'
import { checkTls, type TlsOptions } from '../src/index.js'
import { tlsSettings } from '../src/tls-options.js'
import {
  CertificateFolder,
  type Identity,
  opensslIsMissing,
} from '@commloop/test-support/certificates'

describe.skipIf(opensslIsMissing('TLS options'))('TLS options', () => {
  let folder: CertificateFolder
  let ca: string
  let own: Identity
  let other: Identity

  beforeAll(() => {
    folder = new CertificateFolder()
    ca = folder.authority('authority')
    own = folder.signed('own', 'authority')
    other = folder.signed('other', 'authority')
  })
  afterAll(() => {
    folder.dispose()
  })

  it('accept paths, text and bytes', () => {
    const paths = tlsSettings('listen', { ...own, ca })
    const [cert, key, authority] = [own.cert, own.key, ca].map((path) => folder.text(path))
    const texts = tlsSettings('listen', { cert, key, ca: authority })
    const bytes = tlsSettings('listen', {
      cert: Buffer.from(cert ?? ''),
      key: new TextEncoder().encode(key),
      ca: Buffer.from(authority ?? ''),
    })
    expect(paths).toMatchObject({ verifyPeer: true, context: { cert, key, ca: authority } })
    expect(texts).toEqual(paths)
    expect(bytes).toEqual(paths)
  })

  it('accept certificate and key in one file, and several authorities', () => {
    const both = folder.file('both.pem', folder.text(own.cert) + folder.text(own.key))
    const authorities = folder.file('all.pem', `# ours\n${folder.text(ca)}\n${folder.text(ca)}`)
    expect(checkTls('listen', { cert: both, key: both, ca: authorities }).problems).toEqual([])
  })

  it('are assignable to the options of a node', () => {
    const tls: TlsOptions = { ...own, ca, verifyPeer: true, minVersion: 'TLSv1.3' }
    const entry: EntryOptions = { role: 'active', ip: '127.0.0.1', port: 1, tls }
    const { entries, listen } = resolveConfig({ listen: { port: 0, tls }, links: [entry] })
    expect(listen?.transportOptions).toEqual({ tls })
    expect(entries[0]).toMatchObject({ transportOptions: { tls } })
  })

  it('may be empty for a dial', () => {
    expect(tlsSettings('dial', {})).toMatchObject({ verifyPeer: true, servername: undefined })
    expect(checkTls('dial', {})).toEqual({ problems: [], warnings: [] })
  })

  type Case = readonly [string, () => unknown, string | undefined, RegExp]
  const BOTH: readonly Case[] = [
    ['no map', () => true, undefined, /^expected a map, found true$/],
    ['a list', () => [], undefined, /^expected a map/],
    ['an unknown key', () => ({ ...own, ca, cafile: ca }), 'cafile', /^unknown option.* cert, key/],
    [
      'a key without a certificate',
      () => ({ key: own.key, ca }),
      'cert',
      /^required because "key"/,
    ],
    [
      'a certificate without a key',
      () => ({ cert: own.cert, ca }),
      'key',
      /^required because "cert"/,
    ],
    [
      'a file that is not there',
      () => ({ ...own, ca, cert: join(folder.path, 'none.pem') }),
      'cert',
      /^the file cannot be read: ENOENT/,
    ],
    ['a folder', () => ({ ...own, ca: folder.path }), 'ca', /^not a regular file: \/\S+$/],
    ['a device', () => ({ ...own, ca: '/dev/zero' }), 'ca', /^not a regular file: \/dev\/zero$/],
    [
      'a long file',
      () => ({ ...own, ca: folder.file('long.pem', ' '.repeat(2 ** 20 + 1)) }),
      'ca',
      /^larger than 1 MiB: /,
    ],
    ['a number', () => ({ ...own, ca: 5 }), 'ca', /^expected PEM text or .*, found 5$/],
    ['an empty text', () => ({ ...own, ca: '' }), 'ca', /^expected PEM text or/],
    [
      'a file with something else',
      () => ({ ...own, ca: own.key }),
      'ca',
      /does not contain a valid certificate$/,
    ],
    [
      'a broken certificate',
      () => ({ ...own, ca: folder.text(ca).replace('MII', 'MIA') }),
      'ca',
      /does not contain a valid certificate$/,
    ],
    [
      'one broken certificate among others',
      () => ({ ...own, ca: folder.text(ca) + folder.text(ca).replace('MII', 'MIA') }),
      'ca',
      /does not contain a valid certificate$/,
    ],
    [
      'a certificate for a key',
      () => ({ ...own, ca, key: own.cert }),
      'key',
      /does not contain a private key$/,
    ],
    ['the wrong key', () => ({ ...own, ca, key: other.key }), 'key', /^the key does not belong to/],
    [
      'a key with a passphrase',
      () => ({ ...own, ca, key: folder.protectedKey(own.key) }),
      'key',
      /protected by a passphrase/,
    ],
    [
      'a word for true',
      () => ({ ...own, ca, verifyPeer: 'yes' }),
      'verifyPeer',
      /^expected true or/,
    ],
    ['an old version', () => ({ ...own, ca, minVersion: 'TLSv1.1' }), 'minVersion', /"TLSv1.2" or/],
    ['null', () => ({ ...own, ca: null }), 'ca', /found nothing$/],
  ]
  it.each(BOTH)('are rejected for dials and listeners: %s', (_what, options, option, message) => {
    for (const call of ['dial', 'listen'] as const) {
      const { problems } = checkTls(call, options())
      expect(problems[0]).toMatchObject({
        option,
        message: expect.stringMatching(message) as string,
      })
    }
  })

  const LISTEN: readonly Case[] = [
    ['no certificate', () => ({ ca }), 'cert', /^a listener needs a certificate$/],
    ['no authorities', () => ({ ...own }), 'ca', /or verifyPeer: false; found nothing$/],
    [
      'a name',
      () => ({ ...own, ca, servername: 'x' }),
      'servername',
      /^unknown option; there are cert, key/,
    ],
  ]
  it.each(LISTEN)('are rejected for a listener: %s', (_what, options, option, message) => {
    const { problems } = checkTls('listen', options())
    expect(problems).toMatchObject([{ option, message: expect.stringMatching(message) as string }])
  })

  it('are rejected for a dial: an empty name', () => {
    const { problems } = checkTls('dial', { servername: '' })
    expect(problems).toEqual([{ option: 'servername', message: 'expected a host name, found ""' }])
  })

  it('are rejected with all problems in one error', () => {
    const text =
      /^transport tcp, dial: tls\.x: unknown option.*; tls\.verifyPeer: .*; tls\.key: required/
    expect(() => tlsSettings('dial', { x: 1, verifyPeer: 0, cert: own.cert })).toThrow(
      expect.objectContaining({
        code: 'CML_ERR_CONFIG_INVALID',
        message: expect.stringMatching(text) as string,
      }),
    )
  })

  it('lead to warnings if they prove nothing, or are not valid now', () => {
    const old = folder.signed('old', 'authority', { toMs: Date.now() - 86_400_000 })
    const young = folder.signed('young', 'authority', { fromMs: Date.now() + 86_400_000 })
    expect(checkTls('listen', { ...own, ca, verifyPeer: false }).warnings).toEqual([
      'verifyPeer: false: peers are identified by their address alone',
    ])
    expect(checkTls('dial', { verifyPeer: false }).warnings).toEqual([
      'verifyPeer: false: any program that answers is accepted as the peer',
    ])
    expect(checkTls('dial', { ...old }).warnings).toEqual([
      expect.stringMatching(/^cert: expired on \w{3} .* GMT$/),
    ])
    expect(checkTls('dial', { ...young }).warnings).toEqual([
      expect.stringMatching(/^cert: valid from \w{3} .* GMT on$/),
    ])
    expect(checkTls('listen', { ...own, ca }).warnings).toEqual([])
  })

  it('are rejected if OpenSSL rejects a formally correct certificate', () => {
    const weak = folder.weak('weak')
    expect(checkTls('dial', { ...weak }).problems).toEqual([
      { option: undefined, message: 'OpenSSL rejects it: ee key too small' },
    ])
    expect(() => tlsSettings('dial', { ...weak })).toThrow(
      'transport tcp, dial: tls: OpenSSL rejects it: ee key too small',
    )
  })
})
