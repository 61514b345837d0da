import { describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

describe('server and client at the same time', () => {
  it('listens on a port and dials at the same time, several peers each way, from one table', async () => {
    const second = await RawListener.open({ host: '127.0.0.2' })
    const third = await RawListener.open({ host: '127.0.0.3' })
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      bind: 127.0.0.1
      links:
        - { id: two-in,    role: passive, ip: 127.0.0.2 }
        - { id: two-out,   role: active,  ip: 127.0.0.2, port: ${String(second.port)} }
        - { id: three-in,  role: passive, ip: 127.0.0.3 }
        - { id: three-out, role: active,  ip: 127.0.0.3, port: ${String(third.port)} }
    `)
    const peers = {
      'two-in': await RawPeer.dial({ from: '127.0.0.2', port: node.port }),
      'two-out': await second.peer(1),
      'three-in': await RawPeer.dial({ from: '127.0.0.3', port: node.port }),
      'three-out': await third.peer(1),
    }
    const remotes = new Map<string, string | undefined>()
    for (const [link, peer] of Object.entries(peers)) {
      remotes.set(link, (await node.link(link, 'up')).remote)
      node.send(`to ${link}`, { to: link })
      await peer.send(`from ${link}`)
    }

    for (const [link, peer] of Object.entries(peers)) {
      await node.received(link, 1)
      await peer.received(1)
      expect(node.texts(link)).toEqual([`from ${link}`])
      expect(peer.texts).toEqual([`to ${link}`])
    }
    expect(Object.fromEntries(remotes)).toEqual({
      'two-in': `127.0.0.2:${String(peers['two-in'].localPort)}`,
      'two-out': `127.0.0.2:${String(second.port)}`,
      'three-in': `127.0.0.3:${String(peers['three-in'].localPort)}`,
      'three-out': `127.0.0.3:${String(third.port)}`,
    })
  })

  it('dials from the address in `bind`, by which a peer recognises it', async () => {
    const listener = await RawListener.open({ host: '127.0.0.2' })
    await RunningNode.start(`
      bind: 127.0.0.7
      links:
        - { id: general, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
        - { id: own, role: active, ip: 127.0.0.2, port: ${String(listener.port)}, bind: 127.0.0.8 }
    `)
    const addresses = [await listener.peer(1), await listener.peer(2)].map(
      (peer) => peer.remoteAddress,
    )
    expect(addresses.sort()).toEqual(['127.0.0.7', '127.0.0.8'])
  })

  it('two nodes with the older form of the table are server and client of each other', async () => {
    const [firstPort, secondPort] = [await freePort(), await freePort()]
    const table = (own: string, ownPort: number, peer: string, peerPort: number): string =>
      JSON.stringify({
        node: own,
        listen: { host: own, port: ownPort },
        bind: own,
        reconnect: { use: 'exponential', initial: '100ms', max: '200ms', maxAttempts: 0 },
        links: [
          { socket: -1, ip: peer, port: 0, as_server: 1 },
          { socket: -1, ip: peer, port: peerPort, as_server: 0 },
        ],
      })
    const first = await RunningNode.start(table('127.0.0.2', firstPort, '127.0.0.3', secondPort))
    const second = await RunningNode.start(table('127.0.0.3', secondPort, '127.0.0.2', firstPort))
    const outOf = { first: `active-127.0.0.3:${String(secondPort)}`, into: 'passive-127.0.0.3' }
    const outOfSecond = `active-127.0.0.2:${String(firstPort)}`
    await first.link(outOf.first, 'up')
    await second.link(outOfSecond, 'up')
    await first.link(outOf.into, 'up')
    await second.link('passive-127.0.0.2', 'up')

    // By position in the table, because the legacy format has no ids.
    first.send('over the dialled one', { to: 1 })
    first.send('over the accepted one', { to: 0 })
    second.send('back over the dialled one', { to: 1 })
    second.send('back over the accepted one', { to: 0 })

    await second.received('passive-127.0.0.2', 1)
    await second.received(outOfSecond, 1)
    await first.received(outOf.into, 1)
    await first.received(outOf.first, 1)
    expect(second.texts('passive-127.0.0.2')).toEqual(['over the dialled one'])
    expect(second.texts(outOfSecond)).toEqual(['over the accepted one'])
    expect(first.texts(outOf.into)).toEqual(['back over the dialled one'])
    expect(first.texts(outOf.first)).toEqual(['back over the accepted one'])
  })

  it('0.0.0.0 in a passive entry matches any address', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: anyone, role: passive, ip: 0.0.0.0, slots: 2 }
    `)
    const ninth = await RawPeer.dial({ from: '127.0.0.9', port: node.port })
    expect(await node.link('anyone/1', 'up')).toMatchObject({
      epoch: 1,
      remote: `127.0.0.9:${String(ninth.localPort)}`,
    })
    const far = await RawPeer.dial({ from: '127.200.3.4', port: node.port })
    expect(await node.link('anyone/2', 'up')).toMatchObject({
      remote: `127.200.3.4:${String(far.localPort)}`,
    })
    await far.send('from anywhere')
    await node.received('anyone/2', 1)
    expect(node.texts('anyone/2')).toEqual(['from anywhere'])
  })

  it('exact entries take precedence over 0.0.0.0, even if they come later', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: anyone, role: passive, ip: 0.0.0.0, slots: 3 }
        - { id: exact,  role: passive, ip: 127.0.0.2 }
    `)
    const listed = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('exact', 'up')
    const other = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    await node.link('anyone/1', 'up')
    await listed.send('listed')
    await other.send('not listed')
    await node.received('exact', 1)
    await node.received('anyone/1', 1)
    expect(node.texts('exact')).toEqual(['listed'])
    expect(node.texts('anyone/1')).toEqual(['not listed'])
    expect(node.states('anyone/2')).toEqual(['awaiting 0'])
  })
})
