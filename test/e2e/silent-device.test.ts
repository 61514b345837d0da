import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { opensslIsMissing } from '@commloop/test-support/certificates'
import {
  PEER_ADDRESS,
  SILENT_ADDRESS,
  silentDevice,
  SilentDeviceCertificates,
} from '../faults/silent-device.js'
import { eventually } from '../peer/eventually.js'
import { rawFrame } from '../peer/raw-frames.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

describe.skipIf(opensslIsMissing('a silent device'))('a node that listens with TLS', () => {
  let certificates: SilentDeviceCertificates
  const sockets: TLSSocket[] = []

  beforeAll(() => {
    certificates = new SilentDeviceCertificates()
  })
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })
  afterAll(() => {
    certificates.dispose()
  })

  function started(more = ''): Promise<RunningNode> {
    const { cert, key, ca } = certificates.node
    return RunningNode.start(
      `
      transport: { use: tcp, handshakes: 8 }
      listen: { host: 127.0.0.1, port: 0, tls: { cert: ${cert}, key: ${key}, ca: ${ca} } }
      links:
        - { id: silent, role: passive, ip: ${SILENT_ADDRESS} }
        - { id: peer, role: passive, ip: ${PEER_ADDRESS}${more} }
      `,
      { args: ['--text'] },
    )
  }

  function shake(node: RunningNode): TLSSocket {
    const place = { host: '127.0.0.1', port: node.port, localAddress: PEER_ADDRESS }
    const socket = connectTls({ ...certificates.peer, ...place })
    socket.on('error', () => undefined)
    sockets.push(socket)
    return socket
  }

  it('lets each connection of a peer in while a silent device opens 50 a second', async () => {
    const node = await started()
    const { succeeded, opened } = await silentDevice({
      port: node.port,
      tls: certificates.peer,
      dials: 20,
      aloneMs: 500,
    })
    expect(succeeded).toBe(20)
    expect(opened).toBeGreaterThan(8)
    const gaveWay = 'tls: its unfinished handshake gave way to another connection'
    const event = await node.rejected(({ reason }) => reason === gaveWay)
    expect(String(event['remote'])).toMatch(/^127\.0\.0\.2:/)
    const peer = node.events.filter(
      ({ type, remote }) => type === 'rejected' && String(remote).startsWith(PEER_ADDRESS),
    )
    expect(peer.every(({ reason }) => !String(reason).startsWith('tls: too many'))).toBe(true)
  })

  it('lets a newcomer with a handshake challenge a connection that is silent', async () => {
    const node = await started()
    shake(node)
    await node.link('peer', 'up', 1)
    const newcomer = shake(node)
    newcomer.write(rawFrame('from the newcomer'))
    await node.link('peer', 'up', 2)
    const [message] = await node.received('peer', 1)
    expect(message).toMatchObject({ epoch: 2, payload: Buffer.from('from the newcomer') })
  })

  it('keeps a connection that answers the challenge of a newcomer', async () => {
    const node = await started()
    const incumbent = shake(node)
    await node.link('peer', 'up', 1)
    const newcomer = shake(node)
    await eventually('the end of the newcomer', () => {
      incumbent.write(rawFrame('still here'))
      return newcomer.closed
    })
    const refused = await node.rejected(({ code }) => code === 'slots-full')
    expect(String(refused['remote'])).toContain(PEER_ADDRESS)
    expect(node.states('peer')).toEqual(['awaiting 0', 'up 1'])
  })
})
