import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CliProcess, endCliProcesses } from '@commloop/test-support/cli-process'
import { CertificateFolder, type Identity } from '@commloop/test-support/certificates'
import { type DebianTool, someToolIsMissing } from './debian-tool.js'
import { EXAMPLE } from './dns-relay-modules.js'
import { ForeignProcess } from './foreign-process.js'
import { hostAddress, hostName, LARGE_ANSWER, NSD, NsdServer } from './nsd-server.js'

const KDIG: DebianTool = { command: 'kdig', package: 'knot-dnsutils' }
const OPENSSL: DebianTool = { command: 'openssl', package: 'openssl' }
const CONFIG = fileURLToPath(new URL('over-tls.yaml', EXAMPLE))

describe.skipIf(someToolIsMissing('DNS over TLS with kdig', [KDIG, NSD, OPENSSL]))(
  'the DNS relay over TLS',
  () => {
    let certificates: CertificateFolder
    let ca: string
    let own: Identity
    let nsd: NsdServer
    let relay: CliProcess
    let port: number

    beforeAll(async () => {
      certificates = new CertificateFolder()
      ca = certificates.authority('authority')
      own = certificates.signed('relay', 'authority', { names: 'DNS:relay.example' })
      nsd = await NsdServer.start()
      relay = CliProcess.start(['run', '--config', CONFIG], {
        stdin: 'ignore',
        env: {
          DNS_RELAY_PORT: '0',
          DNS_UPSTREAM_PORT: String(nsd.port),
          DNS_RELAY_CERT: own.cert,
          DNS_RELAY_KEY: own.key,
        },
      })
      const { listen } = await relay.log((line) => 'listen' in line)
      port = (listen as { readonly port: number }).port
      await relay.log((line) => line['link'] === 'upstream' && line['state'] === 'up')
    })
    afterAll(async () => {
      await endCliProcesses()
      await nsd.dispose()
      certificates.dispose()
    })

    /** Queries with a check of the certificate. @returns the output */
    async function kdig(name: string, ...args: readonly string[]): Promise<string> {
      const place = ['@127.0.0.1', '-p', String(port), '+retry=0', '+time=10']
      const process = new ForeignProcess(KDIG.command, [
        ...place,
        `+tls-ca=${ca}`,
        `+tls-hostname=${name}`,
        ...args,
      ])
      await process.ended()
      return process.output + process.errors
    }

    it('answers kdig, which knows it by its certificate', async () => {
      const said = await kdig('relay.example', '+short', hostName(7))
      expect(said).toBe(hostAddress(7))
    })

    it('answers several queries on one connection', async () => {
      const hosts = Array.from({ length: 20 }, (_, at) => at)
      const asked = hosts.map(hostName)
      const said = await kdig('relay.example', '+keepopen', '+short', ...asked)
      expect(said.split('\n')).toEqual(hosts.map(hostAddress))
    })

    it('passes on an answer of several records of TLS', async () => {
      const said = await kdig('relay.example', LARGE_ANSWER, 'TXT')
      expect(said).toMatch(/ANSWER: 220;/)
      expect(said).toMatch(/TLS session \(TLS1\.3\)/)
    })

    it('is not trusted under another name', async () => {
      const said = await kdig('other.example', '+short', hostName(7))
      expect(said).not.toContain(hostAddress(7))
      expect(said).toMatch(/TLS, handshake failed \(.*certificate/)
    })

    it('reports a client that does not use TLS', async () => {
      const plain = ['@127.0.0.1', '-p', String(port), '+tcp', '+retry=0', '+time=10', hostName(1)]
      const process = new ForeignProcess(KDIG.command, plain)
      await process.ended()
      await relay.log((line) => line['reason'] === 'tls: the peer does not speak TLS')
      expect(process.output).not.toContain(hostAddress(1))
    })

    it('warns that it does not verify clients', async () => {
      await relay.log(
        ({ level, msg }) =>
          level === 'warn' &&
          msg === 'listen.tls.verifyPeer: false: peers are identified by their address alone',
      )
    })
  },
)
