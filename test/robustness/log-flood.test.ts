import { Len16Codec } from '@commloop/codec-len16'
import { FrameCodec, Logger, use, useRouter } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from '../node/test-node.js'

const CALLS = 100_000
/** The number of cases that need a whole connection, or whose texts are expensive. The limits are the same. */
const EVENTS = 10_000
const LINES_MAX = 100
const LISTEN = { port: 1 }

class CountingLogger implements Logger {
  lines = 0
  /** How many occurrences the lines stand for, according to their counts. */
  told = 0

  readonly #write = (fields: Readonly<Record<string, unknown>>): void => {
    this.lines++
    this.told += typeof fields['count'] === 'number' ? fields['count'] : 1
  }
  debug = this.#write
  info = this.#write
  warn = this.#write
  error = this.#write
}

function logged(...args: ConstructorParameters<typeof TestNode>) {
  const [options, ...plugins] = args
  const logger = new CountingLogger()
  const bench = TestNode.started(options, use(Logger, logger), ...plugins)
  return { bench, logger }
}

/** Stops the node, which then reports the occurrences that were held back. */
async function expectFewLines(bench: TestNode, logger: CountingLogger, told: number) {
  await bench.stopped()
  expect(logger.told).toBeGreaterThanOrEqual(told)
  expect(logger.lines).toBeLessThanOrEqual(LINES_MAX)
}

describe('a flood of', () => {
  it.each([
    ['strangers from as many addresses', (at: number) => `10.${octets(at)}`],
    ['calls of one stranger', () => '10.0.0.9'],
  ])('%s is told in few lines and counted exactly', async (_name, address) => {
    const { bench, logger } = logged({
      listen: LISTEN,
      links: [{ id: 'in', role: 'passive', ip: '192.168.0.1' }],
    })
    for (let at = 0; at < CALLS; at++) {
      bench.transport.accept(address(at))
      if (at % 1_000 === 0) bench.clock.advance(1)
    }
    expect(bench.node.counters.rejected).toEqual({ 'not in the table': CALLS })
    bench.clock.advance(70_000)
    expect(bench.rejected.length).toBeLessThanOrEqual(LINES_MAX)
    await expectFewLines(bench, logger, CALLS)
  })

  it('connections of a listed peer that sends random bytes is', async () => {
    const { bench, logger } = logged(
      { listen: LISTEN, links: [{ id: 'in', role: 'passive', ip: '10.0.0.2', slots: 8 }] },
      use(FrameCodec, new Len16Codec({ maxPayload: 10 })),
    )
    for (let at = 0; at < EVENTS; at++) {
      bench.transport.accept('10.0.0.2')?.receiveBytes(new Uint8Array([255, at & 255]))
    }
    const epochs = bench.node.links().reduce((sum, { epoch }) => sum + epoch, 0)
    expect(epochs).toBe(EVENTS)
    await expectFewLines(bench, logger, 2 * EVENTS)
  })

  it('messages for which the router throws, each with another error, is', async () => {
    const { bench, logger } = logged(
      { links: [PEER], relay: true },
      useRouter({
        route: ({ payload }) => {
          throw new Error(Buffer.from(payload).toString())
        },
      }),
    )
    const connection = bench.transport.lastDial.open()
    for (let at = 0; at < EVENTS; at++) connection.receive(`rubbish ${String(at)}`)
    expect(bench.node.counters.undeliverable).toBe(EVENTS)
    bench.clock.advance(20_000)
    expect(bench.warnings.length).toBeLessThanOrEqual(LINES_MAX)
    expect(bench.outcomes.length).toBeLessThanOrEqual(LINES_MAX)
    expect(bench.outcomes.reduce((sum, { count }) => sum + count, 0)).toBe(EVENTS)
    await expectFewLines(bench, logger, EVENTS)
  })

  it('messages for which a listener throws is', async () => {
    const { bench, logger } = logged({ links: [PEER] })
    bench.node.on('message', ({ payload }) => {
      throw new Error(Buffer.from(payload).toString())
    })
    bench.node.on('warning', () => {
      throw new Error('and the warning too')
    })
    const connection = bench.transport.lastDial.open()
    for (let at = 0; at < EVENTS; at++) connection.receive(`rubbish ${String(at)}`)
    expect(bench.messages).toHaveLength(EVENTS)
    await expectFewLines(bench, logger, EVENTS)
  })

  it('copies that the codec cannot encode is', async () => {
    const sound = new Len16Codec()
    const value: FrameCodec = {
      payloadBytesMax: 100,
      header: undefined,
      frameBytesMax: (bytes) => sound.frameBytesMax(bytes),
      createDecoder: () => sound.createDecoder(),
      encode: (payload) => {
        throw new Error(Buffer.from(payload).toString())
      },
    }
    const { bench, logger } = logged({ links: [{ ...PEER, codec: { spec: 'bad', value } }] })
    bench.transport.lastDial.open()
    for (let at = 0; at < EVENTS; at++) {
      bench.send(`text ${String(at)}`)
      if (at % 1_000 === 0) bench.soon()
    }
    bench.soon()
    expect(bench.node.link('peer').counters.undeliverable).toBe(EVENTS)
    await expectFewLines(bench, logger, EVENTS)
  })
})

describe('an audit', () => {
  it('names a few of the strangers in the log, and all of them in its event', async () => {
    const { bench, logger } = logged({
      listen: LISTEN,
      links: [{ id: 'in', role: 'passive', ip: '192.168.0.1' }],
    })
    let findings = 0
    bench.node.on('audit', (event) => {
      findings += event.findings.length
    })
    for (let at = 0; at < 5_000; at++) bench.transport.accept(`10.0.0.${String(at % 250)}`)
    bench.clock.advance(60_000)
    expect(findings).toBe(250 + 1)
    await expectFewLines(bench, logger, 5_000)
  })
})

function octets(at: number): string {
  return [at >> 16, (at >> 8) & 255, at & 255].map(String).join('.')
}
