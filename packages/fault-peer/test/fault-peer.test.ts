import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { resolveConfig } from '@commloop/core'
import {
  FAULT_SCRIPTS,
  FaultPeer,
  type FaultPeerOptions,
  type FaultStep,
  faultScript,
  linkTerms,
  DEFAULT_SHAPE,
  wireFrame,
  wireHeader,
} from '../src/index.js'

/** Long enough for a busy machine; nothing waits for it where all is well. */
const LONG_MS = 15_000

const servers: Server[] = []
const sockets: Socket[] = []
const peers: FaultPeer[] = []

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()))
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** A node of sorts: what it does with each connection. */
async function serve(accept: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    accept(socket)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function peerOf(port: number, options?: FaultPeerOptions): FaultPeer {
  const peer = FaultPeer.dialling({ ip: '127.0.0.1', port, from: '127.0.0.9' }, options)
  peers.push(peer)
  return peer
}

async function listeningPeer(options?: FaultPeerOptions): Promise<FaultPeer> {
  const peer = await FaultPeer.listening({ ip: '127.0.0.1', port: 0 }, options)
  peers.push(peer)
  return peer
}

function dial(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  socket.on('error', () => undefined)
  sockets.push(socket)
  return socket
}

describe('a fault peer that dials', () => {
  it('comes from its address, sends bytes as told and cuts a frame where it is told', async () => {
    const chunks: Buffer[] = []
    let from: string | undefined
    const port = await serve((socket) => {
      from = socket.remoteAddress
      socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      socket.on('end', () => socket.end())
    })
    const report = await peerOf(port).play([
      { do: 'open' },
      { do: 'send frames', payloads: ['abc', ''], inOneSegment: true },
      { do: 'send bytes', bytes: '\xff\0', paceMs: 1 },
      { do: 'send part of a frame', payload: 'never whole', bytes: 4 },
      { do: 'send FIN' },
      { do: 'expect end', how: 'FIN', withinMs: LONG_MS },
    ])
    expect(report).toMatchObject({ held: true, failure: undefined, dials: 0 })
    expect(from).toBe('127.0.0.9')
    expect(Buffer.concat(chunks).toString('hex')).toBe(
      `00036162630000ff00000b${Buffer.from('ne').toString('hex')}`,
    )
    expect(report.connections).toMatchObject([{ number: 1, end: 'FIN', sentBytes: 13 }])
  })

  it('resets for real, also right after it has written', async () => {
    const ends: string[] = []
    const port = await serve((socket) => {
      socket.on('data', () => undefined)
      socket.on('end', () => ends.push('FIN'))
      socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? ''))
    })
    const turn: FaultStep[] = [
      { do: 'open' },
      { do: 'send frames', payloads: ['abc'] },
      { do: 'reset' },
    ]
    await peerOf(port).play([{ do: 'repeat', times: 20, steps: turn }])
    await expect.poll(() => ends.length).toBe(20)
    expect(new Set(ends)).toEqual(new Set(['ECONNRESET']))
  })

  it('tells a reset by the node from its FIN, and what came before', async () => {
    const port = await serve((socket) => {
      socket.write(Buffer.concat([wireFrame('hello'), Buffer.from([0, 9, 1])]))
      socket.once('data', () => socket.resetAndDestroy())
    })
    const report = await peerOf(port).play([
      { do: 'open' },
      { do: 'expect frames', count: 1, withinMs: LONG_MS },
      { do: 'send bytes', bytes: 'x' },
      { do: 'expect end', how: 'RST', withinMs: LONG_MS },
    ])
    expect(report.held).toBe(true)
    const [connection] = report.connections
    expect(connection).toMatchObject({ end: 'RST', receivedFrames: 1, restBytes: 3 })
    expect(connection?.payloads.map(String)).toEqual(['hello'])
    expect(connection?.endedMs).toBeGreaterThanOrEqual(connection?.openedMs ?? Number.NaN)
  })

  it('takes nothing while it does not read, then all of it', async () => {
    let socketOfNode: Socket | undefined
    const port = await serve((socket) => {
      socketOfNode = socket
      socket.write(Buffer.alloc(32 * 1024 * 1024))
    })
    const play = peerOf(port).play([
      { do: 'open' },
      { do: 'stop reading' },
      { do: 'wait', ms: 200 },
      { do: 'read on' },
      { do: 'expect frames', count: 16 * 1024 * 1024, withinMs: LONG_MS },
    ])
    await expect.poll(() => (socketOfNode?.writableLength ?? 0) > 0).toBe(true)
    expect(await play).toMatchObject({ held: true })
  })

  it('reads slowly: as much as it was told and no more', async () => {
    const port = await serve((socket) => socket.write(Buffer.alloc(8 * 1024 * 1024)))
    const report = await peerOf(port).play([
      { do: 'open' },
      { do: 'read slowly', bytes: 1_000, everyMs: 10 },
      { do: 'wait', ms: 300 },
      { do: 'expect at most', frames: 100_000 },
    ])
    expect(report.held).toBe(true)
    expect(report.connections[0]?.receivedBytes).toBeGreaterThan(0)
  })
})

describe('a fault peer that is dialled', () => {
  it('waits for each dial and counts them', async () => {
    const peer = await listeningPeer()
    const play = peer.play([
      { do: 'open' },
      { do: 'send FIN' },
      { do: 'open' },
      { do: 'expect open', forMs: 20 },
    ])
    const first = dial(peer.port)
    first.on('end', () => dial(peer.port))
    first.resume()
    expect(await play).toMatchObject({ held: true, dials: 2 })
  })

  it('finds a node that dials again at once', async () => {
    const peer = await listeningPeer()
    const play = peer.play([
      { do: 'open' },
      { do: 'open' },
      { do: 'expect dials apart', ms: 10_000 },
    ])
    dial(peer.port)
    dial(peer.port)
    const { held, failure } = await play
    expect(held).toBe(false)
    expect(failure).toMatch(/^the node dialled again after \d+ ms, less than 10000$/)
  })

  it('says where it cannot listen', async () => {
    const port = await serve(() => undefined)
    await expect(FaultPeer.listening({ ip: '127.0.0.1', port })).rejects.toThrow('EADDRINUSE')
  })
})

describe('a node that does not meet the expectations of a script', () => {
  const SILENT = (socket: Socket): void => {
    socket.resume()
  }

  it.each<[string, (socket: Socket) => void, FaultStep, RegExp]>([
    ['an end that does not come', SILENT, { do: 'expect end', withinMs: 30 }, /has not ended/],
    [
      'FIN in place of RST',
      (socket) => socket.end(),
      { do: 'expect end', how: 'RST', withinMs: LONG_MS },
      /^the node ended with FIN instead of RST$/,
    ],
    [
      'an end that should not be',
      (socket) => socket.end(),
      { do: 'expect open', forMs: LONG_MS },
      /^the node ended connection 1 with FIN$/,
    ],
    [
      'frames that do not come',
      SILENT,
      { do: 'expect frames', count: 1, withinMs: 30 },
      /0 frames/,
    ],
    [
      'more connections than it should keep',
      SILENT,
      { do: 'expect open at most', connections: 0, afterMs: 30 },
      /keeps 1 connection, more than 0/,
    ],
  ])('is found: %s', async (_, accept, step, failure) => {
    const port = await serve(accept)
    const report = await peerOf(port).play([{ do: 'open' }, step, { do: 'open' }])
    expect(report.held).toBe(false)
    expect(report.failure).toMatch(failure)
    expect(report.connections).toHaveLength(1)
  })

  it('is found: more frames than it should send', async () => {
    const port = await serve((socket) => socket.write(Buffer.alloc(6)))
    const report = await peerOf(port).play([
      { do: 'open' },
      { do: 'expect frames', count: 3, withinMs: LONG_MS },
      { do: 'expect at most', frames: 2 },
    ])
    expect(report.failure).toBe('the node sent 3 frames, more than 2')
  })

  it('is told where nobody listens', async () => {
    const port = await serve(() => undefined)
    for (const server of servers.splice(0)) server.close()
    const report = await peerOf(port).play([{ do: 'open' }])
    expect(report.failure).toMatch(/^the node cannot be dialled: .*ECONNREFUSED/)
  })

  it('has an end, though the node takes nothing and the script would wait for ever', async () => {
    const port = await serve((socket) => socket.pause())
    const report = await peerOf(port, { durationMsMax: 300 }).play([
      { do: 'open' },
      { do: 'send bytes', bytes: Buffer.alloc(64 * 1024 * 1024) },
    ])
    expect(report.failure).toBe('not done within 300 ms')
  })

  it('leaves no connection open behind', async () => {
    const open = new Set<Socket>()
    const port = await serve((socket) => {
      open.add(socket)
      socket.resume()
      socket.on('close', () => open.delete(socket))
    })
    await peerOf(port).play([
      { do: 'open many', count: 10 },
      { do: 'wait', ms: 20 },
    ])
    await expect.poll(() => open.size).toBe(0)
  })
})

describe('a script that names a missing connection', () => {
  it('is a mistake of the script, not of the node', async () => {
    const port = await serve(() => undefined)
    await expect(peerOf(port).play([{ do: 'send FIN' }])).rejects.toThrow(
      'names connection 1 before it is opened',
    )
  })
})

describe('frames made by hand', () => {
  it.each([
    [DEFAULT_SHAPE, '0003616263'],
    [{ ...DEFAULT_SHAPE, byteOrder: 'little' as const }, '0300616263'],
    [{ ...DEFAULT_SHAPE, lengthIncludesHeader: true }, '0005616263'],
  ])('%o', (shape, hex) => {
    expect(wireFrame('abc', shape).toString('hex')).toBe(hex)
  })

  it('never wrap round', () => {
    expect(wireHeader(65_535).toString('hex')).toBe('ffff')
    expect(() => wireHeader(65_536)).toThrow(RangeError)
  })
})

describe('the named scripts', () => {
  it('have a name of their own, and say what the peer and a good node do', () => {
    expect(new Set(FAULT_SCRIPTS.map(({ name }) => name)).size).toBe(FAULT_SCRIPTS.length)
    for (const { name, peer, node } of FAULT_SCRIPTS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(`${peer}${node}`).not.toMatch(/[.|]$/)
    }
  })

  it('expect something, for every table that they can be played against', () => {
    const node = resolveConfig({
      listen: { port: 1 },
      links: [
        { id: 'a', role: 'active', ip: '127.0.0.1', port: 1 },
        { id: 'b', role: 'passive', ip: '127.0.0.1', slots: 3 },
        {
          id: 'c',
          role: 'passive',
          ip: '127.0.0.2',
          duplicate: 'replace',
          heartbeat: { every: 9 },
        },
        { id: 'd', role: 'passive', ip: '127.0.0.3', duplicate: 'reject', partialFrame: 0 },
      ],
    })
    for (const entry of node.entries) {
      const terms = linkTerms(entry)
      for (const script of FAULT_SCRIPTS.filter(({ roles }) => roles.includes(entry.role))) {
        const steps = script.steps(terms)
        if (typeof steps === 'string') expect(steps).toMatch(/\w{3}/)
        else expect(JSON.stringify(steps), script.name).toContain('"expect ')
      }
    }
  })

  it('say why where they cannot be played', () => {
    const { entries } = resolveConfig({
      listen: { port: 1 },
      partialFrame: 0,
      links: [{ id: 'a', role: 'passive', ip: '127.0.0.1', duplicate: 'reject' }],
    })
    const [entry] = entries
    if (entry === undefined) throw new Error('no entry')
    const why = (name: string): unknown => faultScript(name)?.steps(linkTerms(entry))
    expect(why('slow-loris')).toMatch(/^partialFrame is off/)
    expect(why('length-too-large')).toMatch(/cannot announce more/)
    expect(why('second-connection-of-a-silent-peer')).toMatch(/^duplicate is reject/)
  })
})
