import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { len16Codec } from '@commloop/codec-len16'
import { CONTROL_LIMITS, ControlClient, ControlServer } from '@commloop/control'
import { createNode, type Node } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { liveBytes } from './live-memory.js'

const LINKS = 100
const MIB = 1024 * 1024
const GROWTH_BYTES_MAX = 32 * MIB

async function startedNode(length = LINKS): Promise<Node> {
  const links = Array.from({ length }, (_, at) => ({
    id: `link-${String(at)}`,
    role: 'passive' as const,
    ip: `127.1.${String(Math.floor(at / 250))}.${String((at % 250) + 1)}`,
  }))
  const listen = { host: '127.0.0.1', port: 0 }
  const node = createNode({ node: 'plant', listen, links }, tcpTransport(), len16Codec())
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

async function socketOf(server: ControlServer): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'cml-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  return (await server.listenOnSocket(join(folder, 'c.sock'))).path
}

/** A client that sends all its requests and reads nothing. */
async function deafClient(place: string | URL, requests: string): Promise<Socket> {
  const socket =
    typeof place === 'string' ? connect(place) : connect(Number(place.port), place.hostname)
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.pause()
  await new Promise((done) => socket.write(requests, done))
  return socket
}

/** Also after a reset, which would make `once` reject. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((done) => socket.once('close', done))
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
}

/** Turns in which the server can parse what has arrived, and make what it thinks is wanted. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

describe('clients that pipeline requests and do not read', () => {
  it.each([CONTROL_LIMITS.pipelinedRequests, 2_000])(
    'cost a bounded memory with %i requests each, and do not keep an operator waiting',
    async (count) => {
      const server = serverOf(await startedNode())
      const path = await socketOf(server)
      const { url } = await server.listenOnTcp({ port: 0 })
      const client = new ControlClient(path)
      await client.ask({ method: 'GET', path: '/v1/status' })
      const before = await liveBytes()
      const clients = [
        ...Array.from({ length: CONTROL_LIMITS.metricsConnections }, () =>
          deafClient(new URL(url), get('/metrics').repeat(count)),
        ),
        ...Array.from({ length: CONTROL_LIMITS.connections / 2 }, (_, at) =>
          deafClient(path, get(at % 2 === 0 ? '/v1/status' : '/metrics').repeat(count)),
        ),
      ]
      await Promise.all(clients)
      await turns(2_000)
      expect(await client.ask({ method: 'GET', path: '/v1/status' })).toMatchObject({ ok: true })
      expect((await liveBytes()) - before).toBeLessThan(GROWTH_BYTES_MAX)
    },
  )

  it('lose their places on a port, so that connecting again does not help, and one place stays free', async () => {
    const { url } = await serverOf(await startedNode()).listenOnTcp({ port: 0 })
    for (let at = 1; at < CONTROL_LIMITS.metricsConnections; at++) {
      const flood = await deafClient(new URL(url), get('/metrics').repeat(2_000))
      flood.resume()
      await closed(flood)
    }
    const last = await deafClient(new URL(url), get('/metrics'))
    const refused = await deafClient(new URL(url), get('/metrics'))
    let received = 0
    refused.on('data', () => received++).resume()
    await closed(refused)
    expect(received).toBe(0)
    last.resume()
    await once(last, 'data')
  })

  it('receive every response in order when they read', async () => {
    const { url } = await serverOf(await startedNode()).listenOnTcp({ port: 0 })
    const last = 'GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const socket = await deafClient(new URL(url), get('/metrics').repeat(5) + last)
    socket.resume()
    const statuses = [...(await text(socket)).matchAll(/^HTTP\/1\.1 (\d+)/gm)]
    expect(statuses.map(([, status]) => status)).toEqual(['200', '200', '200', '200', '200', '404'])
  })

  it('are disconnected when a response is not read within its deadline', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const node = await startedNode(10 * LINKS)
    const { url } = await serverOf(node).listenOnTcp({ port: 0 })
    // Together, the responses are longer than the buffers of the system.
    const count = CONTROL_LIMITS.pipelinedRequests
    const socket = await deafClient(new URL(url), get('/metrics').repeat(count))
    await turns(2_000)
    vi.advanceTimersByTime(CONTROL_LIMITS.responseMs)
    let received = ''
    socket.on('data', (part: Buffer) => (received += part.toString('latin1')))
    socket.resume()
    await closed(socket)
    expect(received.match(/^HTTP\/1\.1 200/gm)?.length ?? 0).toBeLessThan(count)
  })
})
