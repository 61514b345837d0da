import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CertificateFolder,
  type Identity,
  opensslIsMissing,
} from '@commloop/test-support/certificates'
import { readConfig } from '../src/load/load-config.js'
import type { ConfigReading } from '../src/load/loaded-config.js'
import { problemsText } from '../src/read/diagnostic.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

describe.skipIf(opensslIsMissing('TLS in configurations'))('TLS in a configuration', () => {
  let folder: CertificateFolder
  let own: Identity

  beforeAll(() => {
    folder = new CertificateFolder()
    folder.authority('ca')
    own = folder.signed('own', 'ca')
    folder.signed('other', 'ca')
    folder.signed('old', 'ca', { toMs: Date.now() - 86_400_000 })
  })
  afterAll(() => {
    folder.dispose()
  })

  /** Reads a configuration that has the certificates in a folder `tls` beside it. */
  async function read(text: string, env = {}): Promise<ConfigReading & { cwd: string }> {
    const cwd = folderWith({ '.commlooprc': text })
    cpSync(folder.path, join(cwd, 'tls'), { recursive: true })
    return { ...(await readConfig({ cwd, env })), cwd }
  }

  async function mistakes(text: string): Promise<string[]> {
    const reading = await read(text)
    if (reading.ok) throw new Error('the text was accepted')
    return reading.problems.map(
      ({ line, column, path, message }) =>
        `${String(line)}:${String(column)} ${path}: ${message.replaceAll(reading.cwd, '')}`,
    )
  }

  const OWN = 'cert: ./tls/own.pem, key: ./tls/own.key, ca: tls/ca.pem'

  it('names files relative to its folder, in whatever folder the command runs', async () => {
    const reading = await read(`
listen: { port: 0, tls: { ${OWN}, minVersion: TLSv1.3 } }
links:
  - { role: passive, ip: 10.0.0.1, identity: [furnace.example, 'spiffe://plant/Mes'] }
  - { role: active, ip: 10.0.0.2, port: 1, tls: { ca: ./tls/ca.pem, servername: mes.example } }
  - { role: active, host: mes.example, port: 1, tls: {} }
`)
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems))
    const { options, warnings } = reading.config
    const tls = join(reading.cwd, 'tls')
    const files = { cert: join(tls, 'own.pem'), key: join(tls, 'own.key'), ca: join(tls, 'ca.pem') }
    expect(options.listen).toEqual({ port: 0, tls: { ...files, minVersion: 'TLSv1.3' } })
    expect(options.links.map((entry) => [entry.identity, entry.tls])).toEqual([
      [['furnace.example', 'spiffe://plant/Mes'], undefined],
      [undefined, { ca: files.ca, servername: 'mes.example' }],
      [undefined, {}],
    ])
    expect(warnings).toEqual([])
  })

  it('may contain the text itself, also from the environment', async () => {
    const env = {
      CERT: folder.text(own.cert),
      KEY: folder.text(own.key),
      CA: join(folder.path, 'ca.pem'),
    }
    const text = `
listen: { port: 0, tls: { cert: "\${CERT}", key: "\${KEY}", ca: "\${CA}" } }
links: []
`
    const reading = await read(text, env)
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems))
    const { CERT: cert, KEY: key, CA: ca } = env
    expect(reading.config.options.listen).toEqual({ port: 0, tls: { cert, key, ca } })
  })

  it('is reported with all problems, each at its position', async () => {
    expect(
      await mistakes(`
listen:
  port: 0
  tls:
    cert: ./tls/own.pem
    key: ./tls/other.key
    ca: ./tls/none.pem
    verifyPeer: yes
    cafile: x
links:
  - { role: passive, ip: 10.0.0.1, identity: [Furnace.example, ok] }
  - { role: active, ip: 10.0.0.2, port: 1, tls: { cert: ./tls/own.pem, servername: "" } }
  - { role: passive, ip: 10.0.0.3, tls: {} }
  - { role: active, ip: 10.0.0.4, port: 1, identity: mes }
`),
    ).toEqual([
      '6:10 listen.tls.key: the key does not belong to the certificate of "cert"',
      "7:9 listen.tls.ca: the file cannot be read: ENOENT: no such file or directory, stat '/tls/none.pem'",
      '8:17 listen.tls.verifyPeer: expected true or false, found "yes"',
      '9:5 listen.tls.cafile: unknown key',
      '11:47 links[0].identity[0]: no certificate can prove this spelling; write furnace.example',
      '12:44 links[1].tls.key: required because "cert" is set',
      '12:84 links[1].tls.servername: expected a host name, found ""',
      '13:41 links[2].tls: only an active entry has "tls"',
      '14:54 links[3].identity: only a passive entry has "identity"',
    ])
  })

  it('must verify peers if it requires names', async () => {
    const asks = 'links: [{ role: passive, ip: 10.0.0.1, identity: furnace.example }]'
    expect(await mistakes(`listen: { port: 0 }\n${asks}\n`)).toEqual([
      '2:50 links[0].identity: names are proved by TLS: set "listen.tls"',
    ])
    const lax = `listen: { port: 0, tls: { ${OWN}, verifyPeer: false } }`
    expect(await mistakes(`${lax}\n${asks}\n`)).toEqual([
      '2:50 links[0].identity: no peer proves a name while "listen.tls.verifyPeer" is false',
    ])
  })

  it('never shows a private key, whatever problem its line has', async () => {
    const key = folder.text(own.key)
    const tls = { cert: './tls/other.pem', key, ca: './tls/none.pem', x: 1 }
    const reading = await read(JSON.stringify({ listen: { port: 0, tls }, links: [] }))
    if (reading.ok) throw new Error('the text was accepted')
    expect(reading.problems.map(({ path }) => path)).toEqual([
      'listen.tls.key',
      'listen.tls.ca',
      'listen.tls.x',
    ])
    const secret = key.split('\n')[1] ?? ''
    expect(secret.length).toBeGreaterThan(60)
    const text = await problemsText(reading.problems)
    expect(text).toContain('"key":****')
    expect(text).not.toContain(secret.slice(0, 20))
  })

  it('is reported once if many entries share it', async () => {
    const entry = (at: number): string =>
      `  - { role: active, ip: 10.0.0.${String(at)}, port: 1, tls: { ca: ./tls/none.pem } }\n`
    const found = await mistakes(`links:\n${entry(1)}${entry(2)}${entry(3)}`)
    expect(found).toEqual([expect.stringMatching(/^2:55 links\[0\]\.tls\.ca: the file cannot/)])
  })

  it('causes warnings if peers prove nothing, or our certificate has expired', async () => {
    const reading = await read(`
listen: { port: 0, tls: { cert: tls/old.pem, key: tls/old.key, verifyPeer: false } }
links: [{ role: active, ip: 10.0.0.2, port: 1, tls: { verifyPeer: false } }]
`)
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems))
    expect(reading.config.warnings).toEqual([
      'listen.tls.verifyPeer: false: peers are identified by their address alone',
      expect.stringMatching(/^listen\.tls\.cert: expired on /),
      'links[0].tls.verifyPeer: false: any program that answers is accepted as the peer',
    ])
  })

  it('is not checked for another transport', async () => {
    const transport = `
export default { kind: 'transport', name: 'other', apiVersion: 1, create: () => ({ dial() {}, listen() {} }) }
`
    const cwd = folderWith({
      'other.mjs': transport,
      '.commlooprc': `
transport: ./other.mjs
links: [{ role: active, ip: 10.0.0.2, port: 1, tls: { ca: ./none.pem } }]
`,
    })
    const reading = await readConfig({ cwd, env: {} })
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems))
    expect(reading.config.options.links[0]?.tls).toEqual({ ca: join(cwd, 'none.pem') })
  })
})
