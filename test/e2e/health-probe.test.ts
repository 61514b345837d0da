import { describe, expect, it } from 'vitest'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

describe('a probe from the address of a quiet peer', () => {
  it('ends its own challenge when it closes, so that the peer stays until a machine comes that stays too', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links: [{ id: press, role: passive, ip: 127.0.0.2 }]
    `)
    await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('press', 'up')
    const probe = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    probe.destroy()
    await probe.close()
    // The node has seen the end of the probe before it sees this connection, because it reads both.
    const rebooted = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    const remote = `127.0.0.2:${String(rebooted.localPort)}`
    const next = (): unknown =>
      node.events.find(({ state, epoch }) => state === 'up' && epoch === 2)
    await node.until('the next connection of the link', () => next() !== undefined)
    expect(next()).toMatchObject({ link: 'press', remote })
  })
})
