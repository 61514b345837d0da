import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { numbered, numberOf, series } from '../peer/payloads.js'
import { connectDeadlineFigure, detectionFigure, type Hole } from './half-open-figures.js'
import { IsolatedNetwork, noNetworkOfOurOwn } from './isolated-network.js'
import { startPair } from './node-pair.js'

cleanUpAfterEach()

describe.skipIf(noNetworkOfOurOwn('faults of a network'))('two nodes and a faulty cable', () => {
  let network: IsolatedNetwork

  beforeEach(async () => {
    network = await IsolatedNetwork.open()
  })
  afterEach(() => {
    network.close()
  })

  it.each<[Hole, boolean]>([
    ['both ways', false],
    ['both ways', true],
    ['near to far', true],
  ])('find a hole %s, with data in flight: %s', async (hole, inFlight) => {
    const figure = await detectionFigure(network, { hole, inFlight, heartbeatMs: 200 })
    const reasons = [figure.nearReason, figure.farReason]
    // The node that receives nothing notices it by its timeout; the other one too, or by the reset.
    expect(reasons).toContain('silence')
    for (const reason of reasons) expect(['silence', 'reset by peer']).toContain(reason)
  })

  it('notice that nothing is acknowledged, although every write succeeds and no peer ever speaks', async () => {
    const { near } = await startPair(network, 'unacknowledgedMax: 1500ms')
    network.lose('far', 'meta l4proto tcp')
    for (let second = 0; second < 30 && near.states('peer').at(-1) === 'up 1'; second++) {
      near.send(numbered(second, 40), { to: 'peer' })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const { reason } = await near.link('peer', 'backoff', 1)
    expect(reason).toMatch(
      /^not acknowledged: the system of the peer has acknowledged nothing for 1\.5s/,
    )
  })

  it('keep the connection of a peer that does not read, because its system answers', async () => {
    const { near, far } = await startPair(network, 'unacknowledgedMax: 3s\nstall: 0')
    far.process.kill('SIGSTOP')
    for (const at of series(0, 200)) near.send(numbered(at, 60_000), { to: 'peer' })
    await new Promise((resolve) => setTimeout(resolve, 11_000))
    expect(near.states('peer').at(-1)).toBe('up 1')
    far.process.kill('SIGCONT')
    expect(await far.received('peer', 200, 60_000)).toHaveLength(200)
  })

  it('give up a dial that is not answered, at their deadline', async () => {
    const figure = await connectDeadlineFigure(network, 700)
    expect(figure.reason).toContain('did not answer within 700ms')
  })

  it('report a port that a firewall rejects', async () => {
    const rule = 'add rule inet fault in iif cable reject with icmpx type admin-prohibited'
    network.run('far', 'nft', rule)
    const node = await RunningNode.start(
      'links: [{ id: peer, role: active, ip: 10.9.0.2, port: 7000 }]',
      { within: network.within('near') },
    )
    expect((await node.link('peer', 'backoff')).reason).toContain('EHOSTUNREACH')
  })

  it('deliver everything in order over a cable that loses every fifth packet', async () => {
    const { near, far } = await startPair(network, 'heartbeat: { every: 5s, payload: beat }')
    for (const side of ['near', 'far'] as const) {
      network.lose(side, 'numgen random mod 100 < 20')
    }
    for (const at of series(0, 60)) {
      near.send(numbered(at, 400), { to: 'peer' })
      far.send(numbered(at, 400), { to: 'peer' })
    }
    for (const node of [near, far]) {
      const messages = await node.received('peer', 60, 60_000)
      expect(messages.map(({ payload }) => numberOf(payload))).toEqual(series(0, 60))
      expect(node.linkEvents('peer').at(-1)).toMatchObject({ state: 'up', epoch: 1 })
    }
  })

  it('come together again when the cable is pulled and put back, and lose nothing that waits', async () => {
    const { near, far } = await startPair(network, 'heartbeat: { every: 400ms, payload: beat }')
    network.cable('down')
    near.send('for a moment', { to: 'peer' })
    network.cable('up')
    await far.received('peer', 1)
    expect(near.states('peer').at(-1)).toBe('up 1')
    network.cable('down')
    await near.link('peer', 'backoff', 1)
    await far.link('peer', 'awaiting', 1)
    near.send('queued meanwhile', { to: 'peer' })
    network.cable('up')
    await near.link('peer', 'up', 2)
    await far.received('peer', 2)
    expect(far.texts('peer')).toEqual(['for a moment', 'queued meanwhile'])
  })

  it('do not accept a connection of a socket with itself as a peer', async () => {
    const range = '/proc/sys/net/ipv4/ip_local_port_range'
    network.run('near', 'sh', '-c', `echo 40000 40001 > ${range}`)
    const node = await RunningNode.start(
      `
reconnect: { use: exponential, min: 1ms, initial: 1ms, max: 2ms, maxAttempts: 0 }
links: [{ id: self, role: active, ip: 127.0.0.1, port: 40000 }]
`,
      { within: network.within('near') },
    )
    await node.until('a connection with itself', () =>
      node.linkEvents('self').some(({ reason }) => reason === 'connected to itself'),
    )
    expect(node.linkEvents('self').filter(({ state }) => state === 'up')).toEqual([])
  })

  it('replace a half-open connection of the same peer, and ignore the old one', async () => {
    const { far } = await startPair(
      network,
      'heartbeat: { every: 500ms, payload: beat }\nsilence: 60s',
    )
    const port = far.linkEvents('peer').at(-1)?.remote?.split(':').at(-1) ?? ''
    network.lose('far', `tcp sport ${port}`)
    network.lose('near', `tcp dport ${port}`)
    const again = await RunningNode.start(
      'links: [{ id: peer, role: active, ip: 10.9.0.2, port: 7000 }]',
      { within: network.within('near') },
    )
    again.send('rebooted', { to: 'peer' })
    await far.received('peer', 1, 60_000)
    expect(far.linkEvents('peer').map(({ reason }) => reason)).toContain('replaced')
    expect(far.messages('peer').map(({ epoch }) => epoch)).toEqual([2])
  })
})
