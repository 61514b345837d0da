import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { numbered, numberOf, series } from '../peer/payloads.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { expectLedgersHold } from './ledgers.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const QUICK = 'use: exponential, min: 5ms, initial: 10ms, max: 20ms, maxAttempts: 0'

describe('a message routed to a link that is down waits in its outbox and goes out when it is up', () => {
  it('on a dialled link, by `to` and by the router', async () => {
    const port = await freePort()
    const node = await RunningNode.start(
      `
      router: ./router.mjs
      reconnect: { ${QUICK} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(port)} }
    `,
      { files: { 'router.mjs': `export default { name: 'one', route: () => 'out' }` } },
    )
    await node.link('out', 'backoff')
    node.send('by to', { to: 'out', id: 'to' })
    node.send('by the router', { id: 'router' })
    node.send('', { to: 'nobody', id: 'marker' })
    await node.error(({ id }) => id === 'marker')
    expect(node.outcomes()).toEqual([])
    const listener = await RawListener.open({ host: '127.0.0.2', port })
    const peer = await listener.peer(1)
    await peer.received(2)
    expect(peer.texts).toEqual(['by to', 'by the router'])
    await node.outcome('to')
    expect(await node.outcome('router')).toMatchObject({ outcome: 'written', link: 'out' })
  })

  it('on a link that waits to be dialled', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: in, role: passive, ip: 127.0.0.2 }
    `)
    for (const number of series(0, 1000)) {
      node.send(numbered(number, 20), { to: 'in', id: String(number) })
    }
    node.send('', { to: 'nobody', id: 'marker' })
    await node.error(({ id }) => id === 'marker')
    expect(node.outcomes()).toEqual([])
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await peer.received(1000)
    expect(peer.payloads.map(numberOf)).toEqual(series(0, 1000))
  })

  it('through a loss: messages that waited go over the next connection', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: in, role: passive, ip: 127.0.0.2 }
    `)
    for (let epoch = 1; epoch <= 3; epoch++) {
      node.send(`for epoch ${String(epoch)}`, { to: 'in', id: String(epoch) })
      const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
      await peer.received(1)
      expect(peer.texts).toEqual([`for epoch ${String(epoch)}`])
      peer.reset()
      await node.link('in', 'awaiting', epoch)
    }
  })
})

describe('each accepted message ends in exactly one counted outcome, and both ledgers hold', () => {
  it('written, expired, dropped and undeliverable, each with its reason', async () => {
    const node = await RunningNode.start(
      `
      listen: { host: 127.0.0.1, port: 0 }
      router: ./router.mjs
      deferMax: 1h
      links:
        - { id: here,   role: passive, ip: 127.0.0.2 }
        - { id: absent, role: passive, ip: 127.0.0.3 }
        - { id: cell,   role: passive, ip: 127.0.1.0/24 }
    `,
      {
        files: {
          'router.mjs': `
            export default {
              name: 'all-kinds',
              route(message) {
                const text = Buffer.from(message.payload).toString()
                if (text === 'drop') return { drop: 'as told' }
                if (text === 'defer') return { defer: '1h' }
                if (text === 'throw') throw new Error('as told')
                return ['here', 'absent']
              },
            }
          `,
        },
      },
    )
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('here', 'up')
    node.send('x', { to: 'here', id: 'written' })
    node.send('x', { to: 'absent', id: 'expires in its outbox', ttl: '50ms' })
    node.send('defer', { id: 'expires before it has a route', ttl: '50ms' })
    node.send('drop', { id: 'dropped by the router' })
    node.send('throw', { id: 'undeliverable' })
    node.send('x', { id: 'two copies' })
    node.send('x', { to: 'cell', id: 'refused' })
    node.send('defer', { id: 'deferred until the end' })
    await node.outcome('expires in its outbox')
    await node.outcome('expires before it has a route')
    await peer.received(2)
    peer.finish()
    await node.link('here', 'awaiting')
    const counters = await node.stop()

    const told = node
      .outcomes()
      .map(({ id, outcome, reason, link }) => [
        id,
        outcome,
        ...(reason === undefined ? [] : [reason]),
        ...(link === undefined ? [] : [`on ${link}`]),
      ])
    expect(told.sort()).toEqual(
      [
        ['written', 'written', 'on here'],
        ['expires in its outbox', 'expired', 'ttl', 'on absent'],
        ['expires before it has a route', 'expired', 'ttl'],
        ['dropped by the router', 'dropped', 'as told'],
        ['undeliverable', 'undeliverable', 'router threw: Error: as told'],
        ['two copies', 'written', 'on here'],
        ['two copies', 'dropped', 'stopped', 'on absent'],
        ['deferred until the end', 'dropped', 'stopped'],
      ].sort(),
    )
    expect(node.errors().map(({ id }) => id)).toEqual(['refused'])
    expect(counters).toMatchObject({
      accepted: 7,
      routing: 0,
      routed: 3,
      dropped: 2,
      undeliverable: 1,
      expired: 1,
      copies: 4,
      refused: 1,
    })
    expectLedgersHold(node, counters)
    expect(counters.status.code).toBe(1)
  })

  it('messages without id that were not written are reported as a count', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: absent, role: passive, ip: 127.0.0.2 }
    `)
    for (let sent = 0; sent < 100; sent++) node.send('x', { to: 'absent', ttl: '10ms' })
    await node.until('all of them', () => countOf(node) === 100)
    expect(new Set(node.outcomes().map(({ outcome }) => outcome))).toEqual(new Set(['expired']))
    // Separate events only up to the number that a person could read.
    expect(node.outcomes().length).toBeLessThan(100)
  })

  it('while peers connect and disconnect at random', async () => {
    const random = seeded(20_240_917)
    const out = await RawListener.open({ host: '127.0.0.2' })
    const node = await RunningNode.start(
      `
      listen: { host: 127.0.0.1, port: 0 }
      router: ./router.mjs
      routerTimeout: 40ms
      outbox: { messages: 60 }
      highWaterMark: 16MiB
      reconnect: { ${QUICK} }
      probation: 20ms
      linger: 50ms
      onLoss: drop
      links:
        - { id: a, role: active,  ip: 127.0.0.2, port: ${String(out.port)} }
        - { id: b, role: passive, ip: 127.0.0.3, onLoss: resend, overflow: drop-oldest }
        - { id: c, role: passive, ip: 127.0.1.0/24, slots: 2 }
        - { id: d, role: passive, ip: 127.0.0.9 }
    `,
      { files: { 'router.mjs': CHAOS_ROUTER } },
    )
    const dialled: RawPeer[] = []
    const disturb = async (): Promise<void> => {
      const pick = random(8)
      if (pick === 0) out.peers.at(-1)?.reset()
      else if (pick === 1) out.peers.at(-1)?.finish()
      else if (pick === 2) dialled[random(dialled.length)]?.reset()
      else if (pick === 3) dialled[random(dialled.length)]?.finish()
      else if (pick === 4) dialled[random(dialled.length)]?.stopReading()
      else if (pick === 5) void dialled[random(dialled.length)]?.write(Buffer.from([0]))
      else {
        const from = ['127.0.0.3', '127.0.1.1', '127.0.1.2', '127.0.0.8'][random(4)] ?? ''
        dialled.push(await RawPeer.dial({ from, port: node.port }))
      }
    }
    const targets = ['a', 'b', 'c/1', 'c/2', 'd', ['a', 'b', 'd'], 'c/*', 'nobody']
    const sent = 3000
    for (const number of series(0, sent)) {
      const byRouter = random(2) === 0
      node.send(Buffer.alloc([3, 50, 20_000][random(3)] ?? 0, random(256)), {
        id: String(number),
        ...(byRouter ? {} : { to: targets[random(targets.length)] }),
        ...(random(4) === 0 ? { ttl: 1 + random(60) } : {}),
      })
      if (random(12) === 0) await disturb()
      // Paced, so that links are lost and come back between the messages and not after them.
      if (number % 50 === 0) await delay(30)
    }
    node.send('', { to: 'nobody', id: 'marker' })
    await node.error(({ id }) => id === 'marker')
    for (const peer of [...out.peers, ...dialled]) peer.resumeReading()
    const counters = await node.stop()
    expectLedgersHold(node, counters)

    // Every id was refused or has one outcome for each of its copies, and no outcome was reported twice.
    const refused = new Set(node.errors().map(({ id }) => id))
    const outcomes = new Map<string, ReturnType<typeof node.outcomes>[number][]>()
    for (const outcome of node.outcomes()) {
      const id = outcome.id ?? 'without id'
      outcomes.set(id, [...(outcomes.get(id) ?? []), outcome])
    }
    for (const number of series(0, sent)) {
      const id = String(number)
      const told = outcomes.get(id) ?? []
      if (refused.has(id)) expect(told).toEqual([])
      else expect(told.length).toBeGreaterThan(0)
      const links = told.map(({ link }) => link)
      expect(new Set(links).size).toBe(links.length)
    }
    expect(counters.accepted + counters.refused).toBe(sent + 1)
    expect(counters.refused).toBe(node.errors().length)
    // The test is meaningful only if every outcome occurred.
    const kinds = new Set(node.outcomes().map(({ outcome }) => outcome))
    expect(kinds).toEqual(new Set(['written', 'expired', 'dropped', 'undeliverable']))
    expect(node.states('a').at(-2)).toMatch(/^(up|draining|backoff|dialing) \d+$/)
    expect(node.linkEvents('a').filter(({ state }) => state === 'up').length).toBeGreaterThan(3)
  })
})

/** Chosen by the first byte of the payload: every kind of answer. */
const CHAOS_ROUTER = `
  const later = (answer, ms) => new Promise((resolve) => setTimeout(resolve, ms, answer))
  export default {
    name: 'chaos',
    route({ payload, deferrals }) {
      switch (payload[0] % 10) {
        case 0: return 'a'
        case 1: return ['a', 'b']
        case 2: return 'c/*'
        case 3: return { drop: 'as told' }
        case 4: return deferrals > 2 ? 'b' : { defer: 5 }
        case 5: return later('a', payload[0] % 80)
        case 6: return 'nowhere'
        case 7: throw new Error('as told')
        case 8: return { link: 'b', epoch: 1 + payload[0] % 3 }
        default: return ['a', 'b', 'c/1', 'c/2', 'd']
      }
    },
  }
`

function countOf(node: RunningNode): number {
  return node.outcomes().reduce((sum, { count = 1 }) => sum + count, 0)
}

/** Whole numbers below a limit, the same in every run (upper bits of a linear congruential generator). */
function seeded(seed: number): (below: number) => number {
  let state = BigInt(seed)
  return (below) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % (1n << 64n)
    return Number((state >> 33n) % BigInt(Math.max(1, below)))
  }
}
