import { describe, expect, it } from 'vitest'
import { rawFrame } from '../peer/raw-frames.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const HEADER = Buffer.from('PROXY TCP4 203.0.113.7 127.0.0.1 40000 8000\r\n')
const V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb0071077f0000019c401f40', 'hex')
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')

function behindBalancer(): Promise<RunningNode> {
  return RunningNode.start(
    `
    listen: { host: 127.0.0.1, port: 0, proxyProtocol: { from: [127.0.0.9] } }
    links:
      - { id: press, role: passive, ip: 203.0.113.7 }
      - { id: near, role: passive, ip: 127.0.0.2 }
    `,
    { args: ['--text'] },
  )
}

describe('a balancer that speaks the PROXY protocol', () => {
  it.each([
    ['version 1', HEADER],
    ['version 2', V2],
  ])('lets the table decide about the address of the peer: %s', async (_version, header) => {
    const node = await behindBalancer()
    const balancer = await RawPeer.dial({ from: '127.0.0.9', port: node.port })
    await balancer.write(Buffer.concat([header, rawFrame('hello')]))
    const up = await node.link('press', 'up')
    const proxy = `127.0.0.9:${String(balancer.localPort)}`
    expect(up).toMatchObject({ remote: '203.0.113.7:40000', proxy })
    await node.received('press', 1)
    node.send('answer', { to: 'press' })
    await balancer.received(1)
  })

  it('is refused if its peer is not in the table, or if it sends no header', async () => {
    const node = await behindBalancer()
    const stranger = await RawPeer.dial({ from: '127.0.0.9', port: node.port })
    await stranger.write(Buffer.from('PROXY TCP4 203.0.113.8 127.0.0.1 40000 8000\r\n'))
    await stranger.close()
    const bare = await RawPeer.dial({ from: '127.0.0.9', port: node.port })
    await bare.write(rawFrame('hello'))
    await bare.close()
    const reasons = (): unknown[] =>
      node.events.filter(({ type }) => type === 'rejected').map(({ reason }) => reason)
    await node.until('both reasons', () => reasons().length === 2)
    expect(reasons()).toEqual(['not in the table', 'PROXY protocol: no header'])
  })

  it('may look whether the node lives, without an event', async () => {
    const node = await behindBalancer()
    const check = await RawPeer.dial({ from: '127.0.0.9', port: node.port })
    await check.write(LOCAL)
    await check.fin()
    expect(node.events.filter(({ type }) => type === 'rejected')).toEqual([])
  })

  it('is recognised if its address is not listed', async () => {
    const node = await behindBalancer()
    const unlisted = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await unlisted.write(V2)
    await unlisted.close()
    await node.until('the diagnosis', () =>
      node.events.some(({ reason }) => String(reason).includes('PROXY protocol header, version 2')),
    )
  })
})
