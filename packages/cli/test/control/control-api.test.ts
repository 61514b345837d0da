import { describe, expect, it } from 'vitest'
import { CONTROL_LIMITS, type LinkStatus, type NodeStatus } from '@commloop/control'
import { endCliProcessesAfterEach } from '@commloop/test-support/cli-process'
import { closeClientsAfterEach, ControlNode, RawClient } from '@commloop/test-support/control-node'
import { closePeersAfterEach, FramedPeer, PeerServer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closePeersAfterEach()
closeClientsAfterEach()

const PASSIVE = { id: 'in', role: 'passive', ip: '127.0.0.1' }
const CONFIG = {
  node: 'plant',
  listen: { host: '127.0.0.1', port: 0 },
  links: [PASSIVE, { id: 'cell', role: 'passive', ip: '127.0.1.0/24', slots: 2 }],
}

function withCode(code: string): object {
  return { error: expect.objectContaining({ code }) as object }
}

async function withPeer(config: object = CONFIG): Promise<{ node: ControlNode; peer: FramedPeer }> {
  const node = await ControlNode.start(config)
  const peer = await FramedPeer.connect(node.port)
  await node.until<LinkStatus>('/v1/links/in', ({ state }) => state === 'up')
  return { node, peer }
}

describe('POST /v1/request', () => {
  it('responds with the answer, or with why there is none', async () => {
    const { node, peer } = await withPeer()
    const asked = node.ask('POST', '/v1/request', { request: 'x', to: 'in' })
    await peer.until(({ received }) => received.length === 1)
    peer.send('answer')
    expect(await asked).toMatchObject({
      status: 200,
      json: { link: 'in', epoch: 1, base64: Buffer.from('answer').toString('base64') },
    })
    const refusals: [object, number, string][] = [
      [{ request: 'x', to: 'in', timeout: '50ms' }, 504, 'CML_ERR_REQUEST_TIMEOUT'],
      [{ request: 'x', to: 'cell/1' }, 409, 'CML_ERR_LINK_DOWN'],
      [{ request: 'x', to: 'no' }, 404, 'CML_ERR_LINK_UNKNOWN'],
      [{ request: 'x', to: 'cell' }, 400, 'CML_ERR_LINK_AMBIGUOUS'],
      [{ request: 'x' }, 400, 'CML_ERR_INPUT_INVALID'],
      [{ request: 'x', to: 'in', id: 'a' }, 400, 'CML_ERR_INPUT_INVALID'],
      [{ request: 'x', to: 'in', timeout: '2m' }, 400, 'CML_ERR_INPUT_INVALID'],
      [{ payload: 'x', to: 'in' }, 400, 'CML_ERR_INPUT_INVALID'],
    ]
    for (const [body, status, code] of refusals) {
      expect(await node.ask('POST', '/v1/request', body)).toMatchObject({
        status,
        json: withCode(code),
      })
    }
  })

  it('aborts the request of a client that leaves', async () => {
    const { node } = await withPeer()
    const client = node.connect()
    const body = JSON.stringify({ request: 'x', to: 'in', timeout: '60s' })
    client.write(
      `POST /v1/request HTTP/1.1\r\nHost: x\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`,
    )
    await node.until<NodeStatus>('/v1/status', ({ counters }) => counters.requests.waiting === 1)
    client.destroy()
    await node.until<NodeStatus>('/v1/status', ({ counters }) => counters.requests.aborted === 1)
  })
})

describe('GET /v1/status', () => {
  it('shows which peers are connected, which entries are missing, and the counters', async () => {
    const { node, peer } = await withPeer({ ...CONFIG, audit: { grace: '50ms' } })
    peer.send('one', 'two')
    const status = await node.until<NodeStatus>(
      '/v1/status',
      ({ links, missing }) => links[0]?.counters.received === 2 && missing.length > 0,
    )
    expect(status).toMatchObject({
      api: 1,
      node: 'plant',
      pid: node.process.pid,
      listen: { host: '127.0.0.1', port: node.port },
      ok: false,
      missing: [{ entry: 'cell', kind: 'absent', reason: 'never connected' }],
      counters: { unhandled: 2, unheard: 2 },
    })
    expect(status.links.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'in up',
      'cell/1 awaiting',
      'cell/2 awaiting',
    ])
    const [link] = status.links
    expect(link?.remote).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(link?.counters).toMatchObject({ received: 2, receivedBytes: 10 })
  })

  it('reports an active entry as absent while it is dialled without success, and as exhausted after the last attempt', async () => {
    const port = await freePort()
    const links = [{ id: 'out', role: 'active', ip: '127.0.0.1', port }]
    const reconnect = {
      use: 'exponential',
      min: '10ms',
      initial: '10ms',
      max: '10ms',
      maxAttempts: 0,
    }
    const audit = { grace: '100ms' }
    const node = await ControlNode.start({ links, reconnect, audit })
    const isMissing = ({ missing }: NodeStatus): boolean => missing.length > 0
    const { missing } = await node.until('/v1/status', isMissing)
    expect(missing).toEqual([
      {
        entry: 'out',
        kind: 'absent',
        forMs: expect.any(Number) as number,
        reason: expect.stringContaining('ECONNREFUSED') as string,
      },
    ])
    await node.stop()
    const few = { ...reconnect, maxAttempts: 2 }
    const second = await ControlNode.start({ links, reconnect: few, audit: { grace: '1h' } })
    const given = await second.until('/v1/status', isMissing)
    expect(given.missing).toMatchObject([{ entry: 'out', kind: 'exhausted' }])
    // An entry that an operator has disabled is not missing.
    await second.ask('POST', '/v1/links/out/disable')
    expect(await second.get('/v1/status')).toMatchObject({ ok: true, missing: [] })
  })
})

describe('POST /v1/send', () => {
  it('responds when the message was written, with one report for each copy', async () => {
    const { node, peer } = await withPeer()
    const { status, json } = await node.ask('POST', '/v1/send', { payload: 'hello', to: 'in' })
    const copies = [{ outcome: 'written', link: 'in', reason: null }]
    expect({ status, json }).toEqual({ status: 200, json: { written: true, copies } })
    await peer.until(({ texts }) => texts.includes('hello'))
  })

  it('responds with one report for each link of a broadcast', async () => {
    const server = await PeerServer.listen()
    const port = await freePort()
    const out = { role: 'active', ip: '127.0.0.1' }
    const links = [
      { ...out, id: 'up', port: server.port },
      { ...out, id: 'down', port },
    ]
    const node = await ControlNode.start({ links })
    await node.until<LinkStatus>('/v1/links/up', ({ state }) => state === 'up')
    const body = { hex: '00ff', to: ['up', 'down'], timeout: '200ms' }
    const { json } = await node.ask('POST', '/v1/send', body)
    expect(json).toEqual({
      written: false,
      copies: [
        { outcome: 'written', link: 'up', reason: null },
        { outcome: 'expired', link: 'down', reason: 'ttl' },
      ],
    })
    // An expired message does not arrive later.
    expect(await node.get('/v1/links/down')).toMatchObject({ queuedMessages: 0 })
  })

  it.each([
    ['answers immediately', 'return { drop: "of no use" }', 'dropped', 'of no use'],
    [
      'answers late',
      'return new Promise((r) => setTimeout(r, 30, { drop: "late" }))',
      'dropped',
      'late',
    ],
    ['throws', 'throw new Error("broken")', 'undeliverable', 'router threw: broken'],
  ])('reports the outcome of a message whose router %s', async (_, body, outcome, reason) => {
    const router = `export default { name: 'r', route() { ${body} } }`
    const node = await ControlNode.start({ ...CONFIG, router: './r.mjs' }, { 'r.mjs': router })
    const { json } = await node.ask('POST', '/v1/send', { payload: 'x' })
    expect(json).toMatchObject({ written: false, copies: [{ outcome, link: null }] })
    const [copy] = (json as { copies: { reason: string }[] }).copies
    expect(copy?.reason).toContain(reason.split(':')[0])
  })

  it('waits for every copy that a late answer of the router creates', async () => {
    const router = `export default { name: 'r', route(m, links) {
      return new Promise((r) => setTimeout(r, 30, links.filter((l) => l.state === 'up').map((l) => l.id))) } }`
    const config = { ...CONFIG, router: './r.mjs' }
    const node = await ControlNode.start(config, { 'r.mjs': router })
    for (const from of ['127.0.1.1', '127.0.1.2'])
      await FramedPeer.connect(node.port, '127.0.0.1', from)
    await node.until<NodeStatus>(
      '/v1/status',
      ({ links }) => links.filter(({ state }) => state === 'up').length === 2,
    )
    const { json } = await node.ask('POST', '/v1/send', { payload: 'x' })
    expect((json as { copies: { link: string }[] }).copies.map(({ link }) => link).sort()).toEqual([
      'cell/1',
      'cell/2',
    ])
  })

  it('does not report a message as written if the peer does not read', async () => {
    const { node, peer } = await withPeer({ ...CONFIG, highWaterMark: '64MiB', outbox: '64MiB' })
    peer.pause()
    const base64 = Buffer.alloc(60_000).toString('base64')
    const fill = Array.from({ length: 20 }, () =>
      node.ask('POST', '/v1/send', { base64, to: 'in', timeout: '1ms' }),
    )
    for (let rounds = 0; rounds < 20; rounds++) {
      await Promise.all(fill)
      const { queuedMessages } = (await node.get('/v1/links/in')) as LinkStatus
      if (queuedMessages > 0) break
      fill.push(
        ...Array.from({ length: 20 }, () =>
          node.ask('POST', '/v1/send', { base64, to: 'in', timeout: '1ms' }),
        ),
      )
    }
    const { json } = await node.ask('POST', '/v1/send', { base64, to: 'in', timeout: '10ms' })
    expect(json).toMatchObject({ written: false })
  })

  it.each([
    ['nothing', '', 400, 'CML_ERR_INPUT_INVALID'],
    ['no JSON', '{', 400, 'CML_ERR_INPUT_INVALID'],
    ['a list', '[]', 400, 'CML_ERR_INPUT_INVALID'],
    ['no payload', '{"to":"in"}', 400, 'CML_ERR_INPUT_INVALID'],
    ['an unknown key', '{"payload":"x","too":"in"}', 400, 'CML_ERR_INPUT_INVALID'],
    ['an id', '{"payload":"x","id":"1"}', 400, 'CML_ERR_INPUT_INVALID'],
    ['wait', '{"payload":"x","wait":false}', 400, 'CML_ERR_INPUT_INVALID'],
    ['a timeout of nothing', '{"payload":"x","timeout":0}', 400, 'CML_ERR_INPUT_INVALID'],
    ['a timeout of an hour', '{"payload":"x","timeout":"1h"}', 400, 'CML_ERR_INPUT_INVALID'],
    ['an unknown link', '{"payload":"x","to":"on"}', 404, 'CML_ERR_LINK_UNKNOWN'],
    ['one of several links', '{"payload":"x","to":"cell"}', 400, 'CML_ERR_LINK_AMBIGUOUS'],
    ['a link that is down', '{"payload":"x","to":"cell/1"}', 409, 'CML_ERR_LINK_DOWN'],
    [
      'too much for the codec',
      JSON.stringify({ payload: 'x'.repeat(70_000), to: 'in' }),
      413,
      'CML_ERR_PAYLOAD_TOO_LARGE',
    ],
    [
      'far too much',
      JSON.stringify({ payload: 'x'.repeat(1_000_000) }),
      413,
      'CML_ERR_CONTROL_REFUSED',
    ],
  ])('refuses %s, and nothing was sent', async (_, body, status, code) => {
    const node = await ControlNode.start(CONFIG)
    const answer = await node.ask('POST', '/v1/send', body)
    expect(answer).toMatchObject({ status, json: withCode(code) })
    expect(await node.get('/v1/status')).toMatchObject({ counters: { accepted: 0 } })
  })

  it('does not report the outcome to a program on stdio, which has not sent the message', async () => {
    const node = await ControlNode.start(CONFIG, {}, { args: ['run', '--stdio'], stdin: 'pipe' })
    const peer = await FramedPeer.connect(node.port)
    await node.until<LinkStatus>('/v1/links/in', ({ state }) => state === 'up')
    await node.ask('POST', '/v1/send', { payload: 'by hand', to: 'in' })
    node.process.send({ payload: 'by program', to: 'in', id: 'own' })
    await node.process.eventOf('outcome', { id: 'own' })
    await peer.until(({ texts }) => texts.length === 2)
    const outcomes = node.process.events.filter(({ type }) => type === 'outcome')
    expect(outcomes.map(({ id }) => id)).toEqual(['own'])
  })
})

describe('commands for links', () => {
  it('dial, close, disable and enable a link, and each operation is logged', async () => {
    const server = await PeerServer.listen()
    const links = [{ id: 'out', role: 'active', ip: '127.0.0.1', port: server.port }]
    const reconnect = { use: 'exponential', min: '1h', initial: '1h', max: '1h' }
    const node = await ControlNode.start({ links, reconnect })
    const peer = await server.accepted()
    const until = (state: string): Promise<LinkStatus> =>
      node.until<LinkStatus>('/v1/links/out', (link) => link.state === state)
    await until('up')
    expect((await node.ask('POST', '/v1/links/out/close')).status).toBe(200)
    await peer.until(({ hasEnded }) => hasEnded)
    peer.end()
    expect(await until('backoff')).toMatchObject({ reason: 'operator', attempt: 1 })
    expect((await node.ask('POST', '/v1/links/out/dial')).json).toMatchObject({ state: 'dialing' })
    const again = await server.accepted()
    again.send('alive')
    await until('up')
    await node.ask('POST', '/v1/links/0/disable')
    await again.until(({ hasEnded }) => hasEnded)
    again.end()
    expect(await until('idle')).toMatchObject({ enabled: false })
    const refused = await node.ask('POST', '/v1/links/out/dial')
    expect(refused).toMatchObject({ status: 409, json: withCode('CML_ERR_CONTROL_REFUSED') })
    await node.ask('POST', '/v1/links/out/enable')
    await server.accepted()
    await until('up')
    await node.process.log(({ msg }) => msg === 'out: disable, requested through the control API')
  })

  it.each([
    ['/v1/links/in/dial', 409, 'in is passive: its peer dials us'],
    ['/v1/links/in/close', 409, 'in is not up: it is awaiting'],
    ['/v1/links/cell%2F1/close', 409, 'cell/1 is not up'],
    ['/v1/links/nobody/dial', 404, 'no link "nobody"'],
    ['/v1/links/9/dial', 404, 'no link position 9'],
    ['/v1/links/cell/dial', 400, '"cell" has 2 links'],
    ['/v1/links/in/die', 404, 'unknown request POST /v1/links/in/die'],
    ['/v1/status', 404, 'Did you mean GET /v1/status?'],
    ['/%', 404, 'unknown request'],
  ])('refuse %s with %i', async (path, status, text) => {
    const node = await ControlNode.start(CONFIG)
    const answer = await node.ask('POST', path)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text.replaceAll('"', '\\"'))
  })
})

describe('GET /v1/events', () => {
  it('streams messages of both directions on request, with payloads only on request', async () => {
    const { node, peer } = await withPeer()
    const bare = node.events('?types=message')
    const full = node.events('?types=message,link&payload=base64&link=in')
    await Promise.all(
      [bare, full].map((client) => client.until(({ events }) => events.length === 1)),
    )
    peer.send('from outside')
    await node.ask('POST', '/v1/send', { payload: 'from inside', to: 'in' })
    await FramedPeer.connect(node.port, '127.0.0.1', '127.0.1.1')
    await full.until(({ events }) => events.length >= 3)
    await bare.until(({ events }) => events.length >= 3)
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const received = { type: 'message', direction: 'received', link: 'in', epoch: 1, bytes: 12 }
    const sent = { type: 'message', direction: 'sent', link: 'in', epoch: 1, bytes: 11 }
    expect(full.events.slice(1)).toEqual([
      { ...received, base64: base64('from outside') },
      { ...sent, base64: base64('from inside') },
    ])
    expect(bare.events.slice(1)).toEqual([received, sent])
  })

  it('streams every type except messages by default, and ends with `end`', async () => {
    const { node, peer } = await withPeer({ ...CONFIG, audit: { every: '50ms' } })
    const client = node.events('')
    await client.until(({ events }) => events.length > 0)
    expect(client.events[0]).toMatchObject({ type: 'ready', node: 'plant' })
    peer.send('unseen')
    peer.reset()
    await FramedPeer.connect(node.port, '127.0.0.1', '127.0.0.9')
    const types = (): unknown[] => client.events.map(({ type }) => type)
    await client.until(() => ['link', 'rejected', 'audit'].every((type) => types().includes(type)))
    await node.stop()
    await client.until(({ hasClosed }) => hasClosed)
    expect(types()).not.toContain('message')
    expect(types().at(-1)).toBe('end')
    // Events while the node stops are included.
    expect(client.events).toContainEqual(expect.objectContaining({ link: 'in', state: 'closed' }))
  })

  it.each([
    ['?types=links', 400, 'types: expected some of link'],
    ['?type=link', 400, 'unknown parameter'],
    ['?payload=text', 400, 'payload: expected none or base64'],
    ['?link=nobody', 404, 'no link'],
  ])('refuses %s', async (query, status, text) => {
    const node = await ControlNode.start(CONFIG)
    const answer = await node.ask('GET', `/v1/events${query}`)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text)
  })
})

describe('slow and hostile clients', () => {
  /** Sends messages through the node and back, to check that traffic flows. */
  async function echoes(peer: FramedPeer, count: number): Promise<void> {
    const before = peer.received.length
    for (let sent = 0; sent < count; sent++) peer.send('ping')
    await peer.until(({ received }) => received.length >= before + count)
  }
  const ECHO = {
    ...CONFIG,
    relay: true,
    router: './echo.mjs',
    links: [PASSIVE],
  }
  const ROUTER = {
    'echo.mjs': 'export default { name: "echo", route: ({ from }) => from ?? { drop: "nobody" } }',
  }

  async function echoNode(): Promise<{ node: ControlNode; peer: FramedPeer }> {
    const node = await ControlNode.start(ECHO, ROUTER)
    const peer = await FramedPeer.connect(node.port)
    await echoes(peer, 1)
    return { node, peer }
  }

  it('miss events if they do not read, receive the number of missing events, and do not delay traffic', async () => {
    const { node, peer } = await echoNode()
    const slow = node.events('?types=message&payload=base64')
    await slow.until(({ events }) => events.length === 1)
    slow.pause()
    const payload = Buffer.alloc(32_000, 'x')
    const total = 600
    for (let sent = 0; sent < total; sent++) peer.send(payload)
    await peer.until(({ received }) => received.length >= total)
    const { counters } = (await node.get('/v1/links/in')) as LinkStatus
    expect(counters.received).toBeGreaterThanOrEqual(total)
    slow.resume()
    const ofType = (type: string) => slow.events.filter((event) => event.type === type)
    await slow.until(() => ofType('gap').length > 0)
    await echoes(peer, 1)
    // Each payload passes twice, in and out, and is seen or counted; so does the ping at the end.
    const accounted = (): number =>
      ofType('gap').reduce((sum, { count }) => sum + Number(count), ofType('message').length)
    await slow.until(() => accounted() === 2 * (total + 1))
    expect(ofType('message').length).toBeLessThan(2 * total)
  })

  it('are refused beyond the limits, and accepted again when others have disconnected', async () => {
    const { node, peer } = await echoNode()
    const readers = Array.from({ length: CONTROL_LIMITS.eventStreams }, () => node.events(''))
    await Promise.all(readers.map((reader) => reader.until(({ events }) => events.length > 0)))
    const refused = await node.ask('GET', '/v1/events')
    expect(refused).toMatchObject({ status: 503, json: withCode('CML_ERR_CONTROL_REFUSED') })
    const idle = Array.from({ length: CONTROL_LIMITS.connections }, () => node.connect())
    // The open event streams leave less room, so the server closes as many of the new connections.
    await expect
      .poll(() => idle.filter(({ hasClosed }) => hasClosed).length, { timeout: 10_000 })
      .toBe(CONTROL_LIMITS.eventStreams)
    await expect(node.get('/v1/status')).rejects.toThrow()
    await echoes(peer, 100)
    for (const client of [...idle, ...readers]) client.destroy()
    await expect.poll(() => node.get('/v1/status').catch(() => undefined)).toBeDefined()
    expect((await node.ask('GET', '/v1/links')).status).toBe(200)
  })

  it.each([
    ['garbage', '\x16\x03\x01\x02\x00\x01\x00'],
    ['a head without an end', `GET /v1/status HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`],
    ['a length that lies', 'POST /v1/send HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    [
      'two lengths',
      'POST /v1/send HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\nx',
    ],
  ])('are refused if they send %s', async (_, text) => {
    const { node, peer } = await echoNode()
    const client = node.connect()
    client.write(text)
    await client.until(({ hasClosed }) => hasClosed)
    expect(client.text).toMatch(/^(HTTP\/1\.1 4\d\d|$)/)
    await echoes(peer, 10)
    expect(await node.get('/v1/status')).toMatchObject({ ok: true })
  })

  it('are disconnected if they do not complete a request, and may disconnect during a response', async () => {
    const { node, peer } = await echoNode()
    const client = node.connect()
    client.write('POST /v1/send HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"payl')
    const rude: RawClient[] = Array.from({ length: 10 }, () => node.events('?types=message'))
    await Promise.all(rude.map((reader) => reader.until(({ text }) => text.length > 0)))
    for (const reader of rude) reader.destroy()
    await echoes(peer, 100)
    await client.until(({ hasClosed }) => hasClosed, 30_000)
    expect(await node.get('/v1/status')).toMatchObject({ ok: true })
    expect(node.process.stderrText).not.toContain('"level":"error"')
  }, 60_000)
})
