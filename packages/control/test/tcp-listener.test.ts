import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { len16Codec } from '@commloop/codec-len16'
import { createNode, type Node } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ControlledNode } from '../src/app/controlled-node.js'
import { RequestHandlers } from '../src/app/request-handlers.js'
import { ControlServer, type TcpListenerOptions } from '../src/index.js'

const TOKEN = 'correct horse battery'
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

async function startedNode(): Promise<Node> {
  const options = {
    node: 'plant',
    listen: { host: '127.0.0.1', port: 0 },
    links: [{ id: 'in', role: 'passive' as const, ip: '127.0.0.1' }],
  }
  const node = createNode(options, tcpTransport(), len16Codec())
  onTestFinished(() => node.stop())
  await node.start()
  return node
}

function serverOf(node: Node): ControlServer {
  const facts = { version: '1.2.3', config: 'test', startedAt: new Date() }
  const server = new ControlServer({ node, facts })
  onTestFinished(() => server.close())
  return server
}

async function listenOnTcp(options: Partial<TcpListenerOptions> = {}): Promise<string> {
  const { url } = await serverOf(await startedNode()).listenOnTcp({ port: 0, ...options })
  return url
}

interface Response {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

function ask(url: string, method = 'GET', headers: Record<string, string> = {}): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers, agent: false }, (response) => {
      const { statusCode: status = 0, headers: answered } = response
      text(response).then((body) => {
        resolve({ status, headers: answered, body })
      }, reject)
    })
    call.on('error', reject)
    call.end()
  })
}

/** Sends bytes as they are, and reads until the server closes the connection. */
async function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  return await text(socket)
}

describe('a TCP listener for metrics', () => {
  it('serves GET and HEAD of one path', async () => {
    const url = await listenOnTcp()
    const { status, headers, body } = await ask(`${url}/metrics?x=1`)
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'content-type': METRICS_TYPE, 'cache-control': 'no-store' })
    expect(body).toContain('commloop_info{node="plant",version="1.2.3"} 1\n')
    const head = await ask(`${url}/metrics`, 'HEAD')
    expect(head).toMatchObject({ status: 200, body: '' })
    expect(head.headers).toMatchObject({
      'content-type': METRICS_TYPE,
      'cache-control': 'no-store',
    })
  })

  it.each([
    ['GET', '/', 404, 'there is only /metrics\n'],
    ['GET', '/metrics/', 404, 'there is only /metrics\n'],
    ['POST', '/v1/send', 404, 'there is only /metrics\n'],
    ['POST', '/metrics', 405, 'there is only GET\n'],
    ['OPTIONS', '/metrics', 405, 'there is only GET\n'],
    ['TRACE', '/metrics', 405, 'there is only GET\n'],
  ])('refuses %s %s with %i', async (method, path, status, body) => {
    const answer = await ask(`${await listenOnTcp()}${path}`, method)
    expect(answer).toMatchObject({ status, body })
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
  })

  it.each([
    ['[0:0:0:0:0:0:0:1]:9464', 200],
    ['[2001:DB8::1]', 200],
    ['127.0.0.1', 200],
    ['evil example', 403],
    ['evil.example:9464', 403],
    ['127.1', 403],
    ['', 403],
  ])('answers a request for the host "%s" with %i', async (host, status) => {
    const url = await listenOnTcp()
    const answer = await raw(
      url,
      `GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `))
  })

  it('requires the token, and then no particular host', async () => {
    const url = await listenOnTcp({ token: TOKEN })
    for (const headers of [{}, { Authorization: TOKEN }, { Authorization: 'Bearer wrong' }]) {
      const refused = await ask(`${url}/metrics`, 'GET', headers)
      expect(refused).toMatchObject({
        status: 401,
        body: 'a token is required: Authorization: Bearer …\n',
      })
      expect(refused.headers['www-authenticate']).toBe('Bearer realm="commloop"')
    }
    const authorization = `Authorization: Bearer ${TOKEN}\r\n`
    expect(await raw(url, `GET /metrics HTTP/1.0\r\n${authorization}\r\n`)).toMatch(
      /^HTTP\/1.1 200 /,
    )
    const named = `GET /metrics HTTP/1.1\r\nHost: plant_l2:9464\r\nConnection: close\r\n${authorization}\r\n`
    expect(await raw(url, named)).toMatch(/^HTTP\/1.1 200 /)
  })

  it('closes a connection beyond the sixteenth, and one that sends too long a head', async () => {
    const url = await listenOnTcp()
    const { hostname, port } = new URL(url)
    const sockets = Array.from({ length: 17 }, () => connect(Number(port), hostname))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
    })
    await Promise.race(sockets.map((socket) => once(socket, 'close')))
    await expect.poll(() => sockets.filter(({ closed }) => closed).length).toBe(1)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => ask(`${url}/metrics`).catch(() => undefined)).toBeDefined()
    expect(await raw(url, `GET /metrics HTTP/1.1\r\nX: ${'x'.repeat(9_000)}`)).toMatch(/ 431 /)
  })
})

describe('metrics as a stream', () => {
  async function serve(metrics: ControlledNode['metrics']): Promise<string> {
    const node = { counters: {} } as Node
    const controlled = { node, metrics, payloadBytesMax: () => 0 } as unknown as ControlledNode
    const server = createServer(new RequestHandlers(controlled).forTcp('metrics', undefined))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/metrics`
  }

  it('are made while the client reads, and no further when it disconnects', async () => {
    let made = 0
    let ended = false
    const url = await serve(async function* () {
      try {
        for (; made < 10_000; made++) {
          yield 'x'.repeat(64 * 1024)
          await new Promise((resolve) => setImmediate(resolve))
        }
      } finally {
        ended = true
      }
    })
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'data')
    socket.pause()
    let before: number
    do {
      before = made
      await new Promise((resolve) => setTimeout(resolve, 100))
    } while (made !== before)
    expect(made).toBeLessThan(1_000)
    socket.destroy()
    await expect.poll(() => ended).toBe(true)
    expect(made).toBeLessThan(1_000)
  })

  it('are not made for HEAD', async () => {
    let made = 0
    const url = await serve(async function* () {
      made++
      yield await Promise.resolve('x\n')
    })
    expect((await ask(url, 'HEAD')).status).toBe(200)
    expect(made).toBe(0)
    expect((await ask(url)).body).toBe('x\n')
  })
})

describe('a TCP listener for the API', () => {
  it('serves the API and /metrics with the token, and refuses in JSON without', async () => {
    const url = await listenOnTcp({ token: TOKEN, serves: 'api' })
    const headers = { Authorization: `Bearer ${TOKEN}` }
    const status = await ask(`${url}/v1/status`, 'GET', headers)
    expect(JSON.parse(status.body)).toMatchObject({ node: 'plant', version: '1.2.3' })
    expect((await ask(`${url}/metrics`, 'GET', headers)).body).toContain('commloop_info')
    const refused = await ask(`${url}/v1/status`)
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="commloop"')
    expect(JSON.parse(refused.body)).toEqual({
      error: {
        code: 'CML_ERR_CONTROL_REFUSED',
        message: 'a token is required: Authorization: Bearer …',
      },
    })
    const unknown = await ask(`${url}/v1/state`, 'GET', headers)
    expect(unknown).toMatchObject({
      status: 404,
      body: expect.stringContaining('Did you mean GET /v1/status?') as string,
    })
  })

  it('accepts operations and messages with the token', async () => {
    const url = await listenOnTcp({ token: TOKEN, serves: 'api' })
    const post = async (path: string, body: string): Promise<unknown> => {
      const headers = { Authorization: `Bearer ${TOKEN}` }
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body })
      return await answer.json()
    }
    const message = { payload: 'hello', to: 'in', timeout: '20ms' }
    expect(await post('/v1/send', JSON.stringify(message))).toEqual({
      written: false,
      copies: [{ outcome: 'expired', link: 'in', reason: 'ttl' }],
    })
    expect(await post('/v1/links/in/disable', '')).toMatchObject({ id: 'in', enabled: false })
    expect(await post('/v1/reload', '')).toMatchObject({
      error: { code: 'CML_ERR_CONTROL_REFUSED' },
    })
  })

  it('ends event streams when the server closes', async () => {
    const server = serverOf(await startedNode())
    const { url } = await server.listenOnTcp({ port: 0, token: TOKEN, serves: 'api' })
    const headers = { Authorization: `Bearer ${TOKEN}` }
    const call = request(`${url}/v1/events`, { headers, agent: false }).end()
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    const events = text(response)
    await server.close()
    expect(await events).toMatch(/^event: ready\n[^]*event: end\ndata: \{"type":"end"\}\n\n$/)
  })

  it.each<[string, Partial<TcpListenerOptions>, string]>([
    ['the API without a token', { serves: 'api' }, 'token: required to serve the control API'],
    ['another address without a token', { host: '0.0.0.0' }, 'token: required, because'],
    ['a short token', { token: 'short' }, 'token: expected at least 16 characters'],
    ['a host name', { host: 'localhost', token: TOKEN }, 'host: expected an IP address'],
  ])('is not opened with %s', async (_, options, message) => {
    await expect(listenOnTcp(options)).rejects.toMatchObject({
      code: 'CML_ERR_CONFIG_INVALID',
      message: expect.stringContaining(message) as string,
    })
  })
})
