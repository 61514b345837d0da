import { createServer, type Server } from 'node:tls'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { CertificateFolder, opensslIsMissing } from '@commloop/test-support/certificates'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { closePeersAfterEach, PeerServer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
closePeersAfterEach()
removeTestFoldersAfterEach()

interface Finding {
  readonly finding: string
  readonly message: string
  readonly advice: string
}

describe.skipIf(opensslIsMissing('doctor --dial with TLS'))('doctor --dial with TLS', () => {
  const folders: CertificateFolder[] = []
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
    for (const folder of folders.splice(0)) folder.dispose()
  })

  async function findings(port: number, ca: string): Promise<readonly Finding[]> {
    const link = { id: 'plc', role: 'active', ip: '127.0.0.1', port, tls: { ca } }
    const cwd = testFolder({ '.commlooprc': { links: [link] } })
    const { stdout } = await runCli(['doctor', '--json', '--dial'], { cwd })
    return (JSON.parse(stdout) as { findings: readonly Finding[] }).findings
  }

  function authority(): { folder: CertificateFolder; ca: string } {
    const folder = new CertificateFolder()
    folders.push(folder)
    return { folder, ca: folder.authority('ca') }
  }

  it('judges the frames that the peer sends inside TLS', async () => {
    const { folder, ca } = authority()
    const { cert, key } = folder.signed('peer', 'ca')
    const server = createServer({ cert: folder.text(cert), key: folder.text(key) }, (socket) =>
      socket.on('error', () => undefined).write(Buffer.from('0300616263', 'hex')),
    )
    servers.push(server)
    server.listen(await freePort(), '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const [finding, ...others] = await findings(port, ca)
    expect(others).toEqual([])
    expect(finding).toMatchObject({ finding: 'peer-framing' })
    expect(finding?.message).toContain('set byteOrder: little in "codec"')
  })

  it('reports a peer that does not speak TLS', async () => {
    const { ca } = authority()
    const peer = await PeerServer.listen(await freePort())
    const greeted = peer.accepted().then((connection) => {
      connection.send('hello')
    })
    const [finding] = await findings(peer.port, ca)
    await greeted
    expect(finding).toMatchObject({
      finding: 'peer-unreachable',
      message: 'tls: the peer does not speak TLS',
      advice: expect.stringContaining('compare the options of the transport') as string,
    })
  })
})
