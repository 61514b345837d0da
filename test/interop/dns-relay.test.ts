import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { endCliProcesses } from '@commloop/test-support/cli-process'
import { testFolder, removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'
import { type DebianTool, someToolIsMissing } from './debian-tool.js'
import { dnsAnswerTo, dnsQuery, readDnsAnswer, RECORD_TYPES } from './dns-wire.js'
import { ForeignProcess } from './foreign-process.js'
import { hostAddress, hostName, LARGE_ANSWER, NSD, NsdServer, ZONE } from './nsd-server.js'
import { framed, FrameSplitter } from './frame-splitter.js'
import { RawDnsClient } from './raw-dns-client.js'
import { RelayProcess } from './relay-process.js'
import { waitFor } from './wait-for.js'

const DIG: DebianTool = { command: 'dig', package: 'bind9-dnsutils' }
const DNSPERF: DebianTool = { command: 'dnsperf', package: 'dnsperf' }
const CLIENTS = 4
const QUERIES_EACH = 2_000

const rawClients: RawDnsClient[] = []

async function rawClient(
  relay: RelayProcess,
  options: { readonly mute?: boolean } = {},
): Promise<RawDnsClient> {
  const client = await RawDnsClient.connect(relay.port, options)
  rawClients.push(client)
  return client
}

function closeRawClients(): void {
  for (const client of rawClients.splice(0)) client.destroy()
}

describe.skipIf(someToolIsMissing('the DNS relay before nsd', [NSD, DIG, DNSPERF]))(
  'the DNS relay before nsd',
  () => {
    let nsd: NsdServer
    let relay: RelayProcess

    beforeAll(async () => {
      nsd = await NsdServer.start()
      relay = await RelayProcess.start(nsd.port)
    })
    afterEach(closeRawClients)
    removeTestFoldersAfterEach()
    afterAll(async () => {
      await endCliProcesses()
      await nsd.dispose()
    })

    async function dig(...args: string[]): Promise<string> {
      const server = ['@127.0.0.1', '-p', String(relay.port), '+tcp', '+tries=1', '+time=10']
      const process = new ForeignProcess(DIG.command, [...server, ...args])
      expect(await process.ended()).toBe(0)
      return process.output
    }

    it('answers dig', async () => {
      expect(await dig('+short', hostName(7))).toBe(hostAddress(7))
    })

    it('passes on that a name does not exist', async () => {
      expect(await dig(`nobody.${ZONE}`)).toMatch(/status: NXDOMAIN/)
    })

    it('answers dig from another address of the range, with several queries on one connection', async () => {
      const before = relay.clients()
      const hosts = Array.from({ length: 20 }, (_, at) => at)
      const short = await dig('-b', '127.0.0.9', '+keepopen', '+short', ...hosts.map(hostName))
      expect(short.split('\n')).toEqual(hosts.map(hostAddress))
      expect(relay.clients()).toBe(before + 1)
    })

    it('passes on an answer of more than 32 767 bytes', async () => {
      const text = await dig(LARGE_ANSWER, 'TXT')
      expect(text).toMatch(/ANSWER: 220,/)
      expect(Number(/MSG SIZE {2}rcvd: (\d+)/.exec(text)?.[1])).toBeGreaterThan(32_767)
    })

    it('serves more clients one after another than it has slots', async () => {
      for (let round = 0; round < 7; round++) {
        const hosts = Array.from({ length: 10 }, (_, at) => round * 10 + at)
        const answers = await Promise.all(hosts.map((at) => dig('+short', hostName(at))))
        expect(answers).toEqual(hosts.map(hostAddress))
        await waitFor(() => relay.occupied() === 0)
      }
    })

    it('gives two clients that use the same ids their own answers', async () => {
      const clients = [await rawClient(relay), await rawClient(relay)]
      for (let id = 0; id < 100; id++) {
        for (const [at, client] of clients.entries())
          client.ask(dnsQuery(id, hostName(100 * at + id)))
      }
      await waitFor(() => clients.every(({ answers }) => answers.length === 100))
      for (const [at, { answers }] of clients.entries()) {
        for (const { id, address } of answers) expect(address).toBe(hostAddress(100 * at + id))
        expect(new Set(answers.map(({ id }) => id)).size).toBe(100)
      }
    })

    it('answers a client that has ended its side', async () => {
      const client = await rawClient(relay)
      client.ask(dnsQuery(1, hostName(1)))
      client.end()
      expect(await client.answer()).toMatchObject({ id: 1, address: hostAddress(1) })
    })

    it('drops a message that is not a query, and keeps the shared connection', async () => {
      const client = await rawClient(relay)
      client.ask(
        Buffer.from('no DNS'),
        dnsQuery(2, ZONE, RECORD_TYPES.AXFR),
        dnsQuery(3, hostName(3)),
      )
      expect(await client.answer()).toMatchObject({ id: 3, address: hostAddress(3) })
      await relay.outcome('dropped', /^not a DNS message/)
      await relay.outcome('dropped', /^a zone transfer/)
    })

    it('answers what was asked while nsd was away, once it is back', async () => {
      const client = await rawClient(relay)
      await nsd.stop()
      // What is written to a server that goes away, before it is known, is lost.
      await relay.link('upstream', 'backoff', 1)
      client.ask(dnsQuery(5, hostName(5)))
      await nsd.startAgain()
      expect(await client.answer()).toMatchObject({ id: 5, address: hostAddress(5) })
    })

    it(`loses none of ${String(CLIENTS)} × ${String(QUERIES_EACH)} queries of dnsperf`, async () => {
      const queries = Array.from({ length: CLIENTS * 50 }, (_, at) => `${hostName(at)} A\n`).join(
        '',
      )
      const folder = testFolder({ queries })
      const args = ['-m', 'tcp', '-s', '127.0.0.1', '-p', String(relay.port)]
      const load = ['-c', String(CLIENTS), '-T', '2', '-n', String(QUERIES_EACH / 50)]
      const process = new ForeignProcess(DNSPERF.command, [
        ...args,
        ...load,
        '-d',
        `${folder}/queries`,
      ])
      expect(await process.ended(60_000)).toBe(0)
      const sent = String(CLIENTS * QUERIES_EACH)
      expect(process.output).toMatch(new RegExp(`Queries sent: +${sent}\n`))
      expect(process.output).toMatch(new RegExp(`Queries completed: +${sent} `))
      expect(process.output).toMatch(new RegExp(`NOERROR ${sent} `))
      console.info(/Queries per second: +[\d.]+/.exec(process.output)?.[0] ?? process.output)
    })

    it('stops in order when it is asked to', async () => {
      const client = await rawClient(relay)
      client.ask(dnsQuery(6, hostName(6)))
      await client.answer()
      // 1, because it has dropped what was no query.
      expect(await relay.stop()).toBe(1)
      await waitFor(() => client.over)
    })
  },
)

describe('the DNS relay before a slow server', () => {
  let server: Server
  let upstream: Socket | undefined
  let relay: RelayProcess
  /** Queries that came and wait for the test to answer them. */
  let asked: Buffer[]

  beforeAll(async () => {
    asked = []
    server = createServer((socket) => {
      upstream = socket
      socket.on('error', () => undefined)
      const frames = new FrameSplitter()
      socket.on('data', (chunk: Buffer) => asked.push(...frames.push(chunk)))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a server without a port')
    relay = await RelayProcess.start(address.port)
  })
  afterEach(closeRawClients)
  afterAll(async () => {
    await endCliProcesses()
    upstream?.destroy()
    server.close()
  })

  /** `padding`: bytes after the answer, as further records would be. */
  function answerNext(address: string, padding = 0): void {
    const query = asked.shift()
    if (query === undefined) throw new Error('nothing was asked')
    upstream?.write(framed(Buffer.concat([dnsAnswerTo(query, address), Buffer.alloc(padding)])))
  }

  it('drops an answer whose asker has gone, though another client has its slot', async () => {
    const first = await rawClient(relay)
    first.ask(dnsQuery(77, 'first.example.test'))
    await waitFor(() => asked.length === 1)
    first.destroy()
    await relay.link('clients/1', 'awaiting', 1)
    const second = await rawClient(relay)
    await relay.link('clients/1', 'up', 2)
    second.ask(dnsQuery(77, 'second.example.test'))
    await waitFor(() => asked.length === 2)

    answerNext('192.0.2.1')
    await relay.outcome('dropped', /^epoch$/)
    answerNext('192.0.2.2')
    expect(await second.answer()).toMatchObject({ id: 77, name: 'second.example.test' })
    expect(second.answers).toEqual([])
  })

  it('serves the others while one client does not read its answers', async () => {
    const mute = await rawClient(relay, { mute: true })
    // Some 24 MB of answers: more than the kernels' buffers and the client's queue take.
    mute.ask(...Array.from({ length: 400 }, (_, id) => dnsQuery(id, 'large.example.test')))
    await waitFor(() => asked.length === 400)
    for (let id = 0; id < 400; id++) answerNext('192.0.2.1', 60_000)
    await relay.outcome('dropped', /^outbox full/)

    const other = await rawClient(relay)
    other.ask(dnsQuery(9, 'small.example.test'))
    await waitFor(() => asked.length === 1)
    answerNext('192.0.2.9')
    expect(await other.answer()).toMatchObject({ id: 9, address: '192.0.2.9' })
  })

  it('lets the same id and question with other options wait for its turn', async () => {
    const [first, second] = [await rawClient(relay), await rawClient(relay)]
    const query = dnsQuery(78, 'both.example.test')
    const other = Buffer.from(query)
    other.writeUInt16BE(0, 2)
    first.ask(query)
    await waitFor(() => asked.length === 1)
    // What comes after it on the same connection shows that it was seen, and that it waits.
    second.ask(other, dnsQuery(79, 'overtaking.example.test'))
    await waitFor(() => asked.length === 2)
    expect(asked.map((payload) => readDnsAnswer(payload).id)).toEqual([78, 79])
    answerNext('192.0.2.1')
    expect(await first.answer()).toMatchObject({ id: 78, address: '192.0.2.1' })
    await waitFor(() => asked.length === 2)
    answerNext('192.0.2.2')
    answerNext('192.0.2.3')
    expect(await second.answer()).toMatchObject({ id: 79, address: '192.0.2.2' })
    expect(await second.answer()).toMatchObject({ id: 78, address: '192.0.2.3' })
  })
})
