import { createNode, type Node, type ReceivedMessage } from '@commloop/core'
import { len16Codec } from '@commloop/codec-len16'
import { tcpTransport } from '@commloop/transport-tcp'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CountedWrites } from './counted-writes.js'
import { someToolIsMissing } from './debian-tool.js'
import { dnsQuery, readDnsAnswer, RECORD_TYPES } from './dns-wire.js'
import {
  hostAddress,
  hostName,
  HOSTS,
  LARGE_ANSWER,
  LARGE_ZONE,
  LARGE_ZONE_HOSTS,
  NSD,
  NsdServer,
} from './nsd-server.js'
import { waitFor } from './wait-for.js'

const FRAME_HEADER_BYTES = 2

describe.skipIf(someToolIsMissing('DNS over TCP with nsd', [NSD]))('DNS over TCP with nsd', () => {
  let nsd: NsdServer
  let node: Node
  let received: ReceivedMessage[]
  const counted = new CountedWrites()

  beforeAll(async () => {
    nsd = await NsdServer.start()
  })
  afterAll(() => nsd.dispose())

  beforeEach(async () => {
    received = []
    counted.writes.length = 0
    const entry = { id: 'nsd', role: 'active', ip: '127.0.0.1', port: nsd.port } as const
    node = createNode({ links: [entry] }, tcpTransport(), len16Codec(), counted.plugin)
    node.on('message', (message) => received.push(message))
    await node.start()
    await waitFor(() => node.link('nsd').state === 'up')
  })
  afterEach(() => node.stop())

  function ask(id: number, name: string, type?: number): void {
    node.send(dnsQuery(id, name, type), { to: 'nsd' })
  }

  it(`answers ${String(HOSTS)} queries of one write with as many frames, each to its question`, async () => {
    const ids = Array.from({ length: HOSTS }, (_, at) => 1_000 + 7 * at)
    const queries = ids.map((id, at) => dnsQuery(id, hostName(at)))
    for (const query of queries) node.send(query, { to: 'nsd' })
    await waitFor(() => received.length === HOSTS)
    const bytes = queries.reduce((sum, query) => sum + FRAME_HEADER_BYTES + query.length, 0)
    expect(counted.writes).toEqual([bytes])

    const answers = received.map(({ payload }) => readDnsAnswer(payload))
    const byId = new Map(answers.map((answer) => [answer.id, answer]))
    expect([...byId.keys()].sort((left, right) => left - right)).toEqual(ids)
    for (const [at, id] of ids.entries()) {
      expect(byId.get(id)).toMatchObject({
        isAnswer: true,
        responseCode: 0,
        name: hostName(at),
        address: hostAddress(at),
      })
    }
    expect(node.link('nsd').counters).toMatchObject({ written: HOSTS, received: HOSTS, dropped: 0 })
  })

  it('sends a whole zone as several frames of one answer', async () => {
    ask(42, LARGE_ZONE, RECORD_TYPES.AXFR)
    const answers = (): number =>
      received.reduce((sum, { payload }) => sum + readDnsAnswer(payload).answers, 0)
    // The hosts, the name server with its address, and the start of authority, first and last.
    await waitFor(() => answers() >= LARGE_ZONE_HOSTS + 4)
    expect(answers()).toBe(LARGE_ZONE_HOSTS + 4)
    expect(received.length).toBeGreaterThan(1)
    expect(received.every(({ payload }) => readDnsAnswer(payload).id === 42)).toBe(true)
  })

  it('sends an answer of more than 32 767 bytes in one frame', async () => {
    ask(43, LARGE_ANSWER, RECORD_TYPES.TXT)
    await waitFor(() => received.length === 1)
    expect(received[0]?.payload.length).toBeGreaterThan(32_767)
    expect(readDnsAnswer(received[0]?.payload ?? new Uint8Array())).toMatchObject({ id: 43 })
  })

  it('is dialled again after a restart, and then receives the queries of the outage', async () => {
    await nsd.stop()
    await waitFor(() => node.link('nsd').state !== 'up')
    for (let at = 0; at < 10; at++) ask(at, hostName(at))
    await nsd.startAgain()
    await waitFor(() => received.length === 10)
    expect(received.map(({ payload }) => readDnsAnswer(payload).id).sort()).toEqual(
      Array.from({ length: 10 }, (_, at) => at),
    )
    expect(node.link('nsd').epoch).toBe(2)
  })
})
