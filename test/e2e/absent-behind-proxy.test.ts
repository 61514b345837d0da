import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

/** Accepts for a peer that is down, swallows what it gets, and hangs up some time later. */
class Proxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly keepsMs: number
  connections = 0
  swallowedBytes = 0

  private constructor(keepsMs: number) {
    this.keepsMs = keepsMs
    this.#server = createServer((socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => (this.swallowedBytes += chunk.length))
      setTimeout(() => socket.destroy(), this.keepsMs).unref()
    })
  }

  static async open(keepsMs: number): Promise<Proxy> {
    const proxy = new Proxy(keepsMs)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    const at = this.#server.address()
    if (at === null || typeof at === 'string') throw new Error('the proxy does not listen')
    return at.port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

describe('a proxy that accepts for a peer that is down', () => {
  let proxy: Proxy
  beforeEach(async () => {
    proxy = await Proxy.open(150)
  })
  afterEach(() => proxy.close())

  const dialling = (port: number, ready: string): Promise<RunningNode> =>
    RunningNode.start(`
reconnect: { use: exponential, min: 20ms, initial: 20ms, max: 50ms, maxAttempts: 0 }
links: [{ id: mes, role: active, ip: 127.0.0.1, port: ${String(port)}, ${ready} }]
`)

  it.each(['ready: stable, stableAfter: 60s', 'ready: frame'])(
    'gets no message with %s, and the peer gets all of them later',
    async (ready) => {
      const port = proxy.port
      const node = await dialling(port, ready)
      for (let at = 0; at < 100; at++) node.send(`message ${String(at)}`, { to: 'mes' })
      await node.until('several connections to the proxy', () => proxy.connections >= 4)
      expect(proxy.swallowedBytes).toBe(0)
      await proxy.close()
      const peer = await RunningNode.start(`
listen: { host: 127.0.0.1, port: ${String(port)} }
links: [{ id: in, role: passive, ip: 127.0.0.1 }]
`)
      // The peer speaks first, as soon as it can.
      await peer.link('in', 'up')
      peer.send('hello', { to: 'in' })
      expect(await peer.received('in', 100)).toHaveLength(100)
    },
  )
})

describe('two nodes that wait for a frame of each other', () => {
  const pair = async (common: string): Promise<{ near: RunningNode; far: RunningNode }> => {
    const far = await RunningNode.start(`${common}
listen: { host: 127.0.0.1, port: 0 }
links: [{ id: near, role: passive, ip: 127.0.0.1 }]
`)
    const near = await RunningNode.start(`${common}
links: [{ id: far, role: active, ip: 127.0.0.1, port: ${String(far.port)} }]
`)
    return { near, far }
  }

  it('come up if they send heartbeats', async () => {
    const { near, far } = await pair('ready: frame\nheartbeat: { every: 5s, payload: beat }')
    await near.link('far', 'up')
    await far.link('near', 'up')
    near.send('after the heartbeats', { to: 'far' })
    expect(await far.received('near', 1)).toHaveLength(1)
  })

  it('do not come up without heartbeats, and say why', async () => {
    const { near } = await pair('ready: frame\nreadyTimeout: 300ms')
    const { reason } = await near.link('far', 'backoff')
    expect([
      'not ready: the peer sent no frame within 300ms',
      'reset by peer',
      'peer closed',
    ]).toContain(reason)
    expect(near.states('far')).not.toContain('up 1')
  })
})
