import { networkInterfaces } from 'node:os'
import { transportCompliance, type TransportHosts } from '@commloop/testing/compliance'
import { beforeAll, describe } from 'vitest'
import { TcpTransport } from '../src/index.js'
import { CertificateFolder, opensslIsMissing } from '@commloop/test-support/certificates'
import { silentServer, fullQueue } from './silent-peer.js'

function hostsOf(ip: string, bind: string): TransportHosts {
  return { dialing: new TcpTransport(), listening: new TcpTransport(), ip, bind }
}

function ipv6IsMissing(suite: string): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  if (addresses.some(({ address }) => address === '::1')) return false
  console.warn(`SKIPPED: ${suite}. Missing: the address ::1`)
  return true
}

transportCompliance('tcp, IPv4', () => hostsOf('127.0.0.1', '127.0.0.7'), { silence: fullQueue })

describe.skipIf(ipv6IsMissing('compliance of tcp, IPv6'))('over IPv6', () => {
  transportCompliance('tcp, IPv6', () => hostsOf('::1', '::1'), { silence: fullQueue })
})

describe.skipIf(opensslIsMissing('compliance of tcp, TLS'))('over TLS', () => {
  let tls: Readonly<Record<string, string>>
  beforeAll(() => {
    const folder = new CertificateFolder()
    const ca = folder.authority('authority')
    const { cert, key } = folder.signed('peer', 'authority')
    tls = { cert: folder.text(cert), key: folder.text(key), ca: folder.text(ca) }
    folder.dispose()
  })

  function hosts(): TransportHosts {
    const plain = hostsOf('127.0.0.1', '127.0.0.7')
    return { ...plain, dialOptions: { tls }, listenOptions: { tls } }
  }

  transportCompliance('tcp, TLS', hosts, { silence: silentServer })
})
