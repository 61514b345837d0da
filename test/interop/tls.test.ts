import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CliProcess, endCliProcesses, type OutputLine } from '@commloop/test-support/cli-process'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { CertificateFolder, type Identity } from '@commloop/test-support/certificates'
import { type DebianTool, someToolIsMissing } from './debian-tool.js'
import { framed } from './frame-splitter.js'
import { OpensslPeer, stopOpensslPeers } from './tls-peer.js'
import { waitFor } from './wait-for.js'

const OPENSSL: DebianTool = { command: 'openssl', package: 'openssl' }
const DAY_MS = 86_400_000
/** From nothing to nearly the largest; records of TLS have 16 KiB. */
const SIZES = [0, 1, 2, 100, 16_382, 16_383, 16_384, 40_000, 65_535]

function payloads(seed: number): Buffer[] {
  return SIZES.map((size, at) => Buffer.alloc(size, seed + at))
}

describe.skipIf(someToolIsMissing('TLS with openssl', [OPENSSL]))('TLS with openssl', () => {
  let certificates: CertificateFolder
  let ca: string
  let node: Identity
  let furnace: Identity
  const sockets: Socket[] = []
  const servers: Server[] = []

  beforeAll(() => {
    certificates = new CertificateFolder()
    ca = certificates.authority('plant')
    certificates.authority('stranger')
    node = certificates.signed('node', 'plant')
    furnace = certificates.signed('furnace', 'plant', { names: 'DNS:furnace.example' })
  })
  removeTestFoldersAfterEach()
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    for (const server of servers.splice(0)) server.close()
    await stopOpensslPeers()
    await endCliProcesses()
  })
  afterAll(() => {
    certificates.dispose()
  })

  const own = (identity: Identity): string[] => ['-cert', identity.cert, '-key', identity.key]
  const trust = (): string[] => ['-CAfile', ca, '-verify_return_error', '-verify', '2']

  function run(config: Readonly<Record<string, unknown>>): CliProcess {
    return CliProcess.start(['run', '--stdio'], { cwd: testFolder({ '.commlooprc': config }) })
  }

  /** A node that listens with TLS, and accepts a peer with the certificate of the furnace. */
  async function listening(
    tls: Readonly<Record<string, unknown>> = {},
  ): Promise<{ cli: CliProcess; port: number }> {
    const cli = run({
      listen: { host: '127.0.0.1', port: 0, tls: { ...node, ca, ...tls } },
      links: [{ id: 'furnace', role: 'passive', ip: '127.0.0.1', identity: 'furnace.example' }],
    })
    const { listen } = await cli.eventOf('ready')
    return { cli, port: (listen as { readonly port: number }).port }
  }

  async function exchangeBothWays(cli: CliProcess, peer: OpensslPeer): Promise<void> {
    const [out, back] = [payloads(1), payloads(101)]
    peer.write(Buffer.concat(back.map((payload) => framed(payload))))
    for (const payload of out) cli.send({ base64: payload.toString('base64'), to: 'furnace' })
    const messages = await cli.eventsOf('message', back.length)
    expect(messages.map(bytesOf)).toEqual(back)
    await waitFor(() => peer.payloads.length === out.length)
    expect(peer.payloads).toEqual(out)
  }

  it.each(['-tls1_2', '-tls1_3'])('exchanges frames with s_client by %s', async (version) => {
    const { cli, port } = await listening()
    const peer = OpensslPeer.client(port, version, ...own(furnace), ...trust())
    await cli.eventOf('link', { link: 'furnace', state: 'up' })
    await exchangeBothWays(cli, peer)
    peer.endInput()
    const lost = await cli.eventOf('link', { link: 'furnace', state: 'awaiting', epoch: 1 })
    expect(lost['reason']).toBe('peer closed')
    cli.endInput()
    expect((await cli.exit()).code).toBe(0)
  })

  it.each(['-tls1_2', '-tls1_3'])('exchanges frames with s_server by %s', async (version) => {
    const port = await freePort()
    const peer = OpensslPeer.server(port, version, ...own(furnace), ...trust(), '-Verify', '2')
    const tls = { ...node, ca, servername: 'furnace.example' }
    const cli = run({
      reconnect: { use: 'exponential', min: '10ms', initial: '20ms', max: '50ms', maxAttempts: 0 },
      links: [{ id: 'furnace', role: 'active', ip: '127.0.0.1', port, tls }],
    })
    await cli.eventOf('link', { link: 'furnace', state: 'up' })
    await exchangeBothWays(cli, peer)
    cli.endInput()
    expect((await cli.exit()).code).toBe(0)
  })

  it('reports why it rejects an unknown client', async () => {
    const { cli, port } = await listening()
    const span = { fromMs: Date.now() - 2 * DAY_MS, toMs: Date.now() - DAY_MS }
    const names = { names: 'DNS:furnace.example' }
    const refused: readonly (readonly [string, string[]])[] = [
      ['tls: no certificate', []],
      [
        'tls: certificate has expired',
        own(certificates.signed('old', 'plant', { ...names, ...span })),
      ],
      [
        'tls: certificate not signed by any of "ca"',
        own(certificates.signed('false', 'stranger', names)),
      ],
      ['identity not in the table', own(certificates.signed('mes', 'plant', { names: 'DNS:mes' }))],
    ]
    for (const [reason, args] of refused) {
      const peer = OpensslPeer.client(port, ...args)
      const event = await cli.event(
        (line) => line.type === 'rejected' && String(line['reason']).startsWith(reason),
      )
      expect(event['remote']).toMatch(/^127\.0\.0\.1:\d+$/)
      await waitFor(() => peer.ended)
    }
    const plain = connect(port, '127.0.0.1')
    sockets.push(plain.on('error', () => undefined))
    plain.write(framed(Buffer.from('in the clear')))
    await cli.eventOf('rejected', { reason: 'tls: the peer does not speak TLS' })
    expect(cli.events.filter(({ type, state }) => type === 'link' && state === 'up')).toEqual([])
  })

  it('reports why it does not trust a server', async () => {
    const port = await freePort()
    OpensslPeer.server(port, ...own(furnace))
    const plain = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined))
      socket.write(framed(Buffer.from('in the clear')))
    }).listen(0, '127.0.0.1')
    servers.push(plain)
    await waitFor(() => plain.listening)
    const { port: plainPort } = plain.address() as { readonly port: number }
    const to = { role: 'active', ip: '127.0.0.1' }
    const cli = run({
      reconnect: { use: 'exponential', min: '10ms', initial: '20ms', max: '50ms', maxAttempts: 0 },
      links: [
        { id: 'wrong-name', ...to, port, tls: { ca } },
        { id: 'plain', ...to, port: plainPort, tls: { ca } },
      ],
    })
    const reasonOf = async (link: string, reason: RegExp): Promise<OutputLine> =>
      cli.event((line) => line['link'] === link && reason.test(String(line['reason'])))
    await reasonOf(
      'wrong-name',
      /^tls: certificate not for 127\.0\.0\.1, but for DNS:furnace\.example$/,
    )
    await reasonOf('plain', /^tls: the peer does not speak TLS$/)
  })

  it('recognises a peer that uses TLS on a plain link', async () => {
    const cli = run({
      listen: { host: '127.0.0.1', port: 0 },
      codec: { use: 'len16', maxPayload: '4KiB' },
      links: [{ id: 'furnace', role: 'passive', ip: '127.0.0.1' }],
    })
    const { listen } = await cli.eventOf('ready')
    OpensslPeer.client((listen as { readonly port: number }).port)
    await cli.event(({ reason }) => /look like TLS: set tls here/.test(String(reason)))
  })

  it('does not start if a file is wrong, and names the file', async () => {
    const links = [{ role: 'active', ip: '127.0.0.1', port: 1, tls: { ...node, key: furnace.key } }]
    const cli = run({ links })
    expect((await cli.exit()).code).toBe(2)
    expect(cli.stderrText).toContain('the key does not belong to the certificate of "cert"')
    expect(cli.stderrText).not.toContain('PRIVATE KEY')
  })
})

function bytesOf(event: OutputLine): Buffer {
  return Buffer.from(String(event['base64']), 'base64')
}
