import type { LinkView, Route, RoutedMessage, SendRouter } from '@commloop/router-plugin-api'
import { SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { dnsRelayRouter, PendingQueries, readDnsMessage } from './dns-relay-modules.js'
import { dnsQuery, RECORD_TYPES } from './dns-wire.js'

// Recorded between dig 9.18 and nsd 4.6, without the two bytes of length.
const QUESTION = '06686f73742d31076578616d706c6504746573740000010001'
const RECORDED = {
  query: bytes(`1e8801200001000000000000${QUESTION}`),
  answer: bytes(
    `1e8885000001000100010001${QUESTION}c00c000100010000003c0004c0000201c013000200010000003c0005026e73` +
      'c013c041000100010000003c00047f000001',
  ),
  // The same question with the DNSSEC option, under the same id.
  queryWithOption: bytes(`1e8801200001000000000001${QUESTION}00002904d0000080000000`),
  // nsd could not read the options, so it repeats nothing but the id.
  formatError: bytes('1e8880010000000000000000'),
  otherQuery: bytes('1e8801200001000000000000046e6f7065076578616d706c6504746573740000010001'),
  otherAnswer: bytes(
    '1e8885030001000000010000046e6f7065076578616d706c6504746573740000010001c011000600010000003c0021026e' +
      '73c0110561646d696ec0110000000100000e1000000258000151800000003c',
  ),
  zoneTransfer: bytes(
    '67c600200001000000000001076578616d706c6504746573740000fc000100002904d000000000000c000a0008b11cb93e' +
      '049181e4',
  ),
  notify: bytes('5d4321200001000000000000076578616d706c6504746573740000060001'),
} as const

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

const ALICE = { link: 'clients/1', epoch: 3 }
const BOB = { link: 'clients/2', epoch: 1 }
const UPSTREAM = { link: 'upstream', epoch: 1 }

type From = RoutedMessage['from']

class Relay {
  readonly #router: SendRouter
  readonly #links: LinkView[]

  constructor(options: Readonly<Record<string, unknown>> = {}) {
    this.#router = dnsRelayRouter.create(options)
    this.#links = [ALICE, BOB, UPSTREAM].map(upLink)
  }

  route(payload: Uint8Array, from: From, deferrals = 0): Route | PromiseLike<Route> {
    return this.#router.route({ payload, from, deferrals, id: undefined }, this.#links)
  }

  /** Another connection fills the link. */
  refill(link: string): void {
    const at = this.#links.findIndex(({ id }) => id === link)
    const old = this.#links[at]
    if (old !== undefined) this.#links[at] = upLink({ link, epoch: old.epoch + 1 })
  }
}

function upLink({ link, epoch }: { readonly link: string; readonly epoch: number }): LinkView {
  return {
    id: link,
    entry: link.split('/')[0] ?? link,
    role: link === 'upstream' ? 'active' : 'passive',
    state: 'up',
    epoch,
    remote: undefined,
    queuedMessages: 0,
    queuedBytes: 0,
    aboveHighWaterMark: false,
  }
}

const { query, answer, queryWithOption, otherQuery, otherAnswer, formatError } = RECORDED

describe('the router of examples/dns-relay', () => {
  it('sends a query upstream and its answer to the connection that asked', () => {
    const relay = new Relay()
    expect(relay.route(query, ALICE)).toBe('upstream')
    expect(relay.route(answer, UPSTREAM)).toEqual(ALICE)
  })

  it('names the upstream link that its options name', () => {
    const relay = new Relay({ upstream: 'clients/2' })
    expect(relay.route(query, ALICE)).toBe('clients/2')
    expect(relay.route(answer, BOB)).toEqual(ALICE)
  })

  it('drops an answer without a query, and a second answer to a query', () => {
    const relay = new Relay()
    expect(relay.route(answer, UPSTREAM)).toEqual({ drop: 'an answer without a pending query' })
    relay.route(query, ALICE)
    relay.route(answer, UPSTREAM)
    expect(relay.route(answer, UPSTREAM)).toEqual({ drop: 'an answer without a pending query' })
  })

  it('distinguishes two clients with the same id by the question, in any order', () => {
    const relay = new Relay()
    expect(relay.route(query, ALICE)).toBe('upstream')
    expect(relay.route(otherQuery, BOB)).toBe('upstream')
    expect(relay.route(otherAnswer, UPSTREAM)).toEqual(BOB)
    expect(relay.route(answer, UPSTREAM)).toEqual(ALICE)
  })

  it('gives one answer each to two clients that asked with the same bytes', () => {
    const relay = new Relay()
    expect(relay.route(query, ALICE)).toBe('upstream')
    expect(relay.route(query, BOB)).toBe('upstream')
    expect(relay.route(answer, UPSTREAM)).toEqual(ALICE)
    expect(relay.route(answer, UPSTREAM)).toEqual(BOB)
  })

  it('defers the same id and question with other options until the first is answered', () => {
    const relay = new Relay()
    relay.route(query, ALICE)
    expect(relay.route(queryWithOption, BOB)).toEqual({ defer: '2ms' })
    expect(relay.route(queryWithOption, BOB, 1)).toEqual({ defer: '2ms' })
    relay.route(answer, UPSTREAM)
    expect(relay.route(queryWithOption, BOB, 2)).toBe('upstream')
    expect(relay.route(answer, UPSTREAM)).toEqual(BOB)
  })

  it('drops a deferred query whose client has disconnected, even if another client has its slot', () => {
    const relay = new Relay()
    relay.route(query, ALICE)
    relay.route(queryWithOption, BOB)
    relay.refill('clients/2')
    expect(relay.route(queryWithOption, BOB, 1)).toEqual({ drop: 'the client has disconnected' })
  })

  it('gives an answer without its question to the only one with that id', () => {
    const relay = new Relay()
    relay.route(query, ALICE)
    expect(relay.route(formatError, UPSTREAM)).toEqual(ALICE)
  })

  it('drops an answer without its question if two queries with that id are pending', () => {
    const relay = new Relay()
    relay.route(query, ALICE)
    relay.route(otherQuery, BOB)
    expect(relay.route(formatError, UPSTREAM)).toEqual({
      drop: 'an answer without a pending query',
    })
    expect(relay.route(answer, UPSTREAM)).toEqual(ALICE)
  })

  it.each([
    ['a zone transfer', RECORDED.zoneTransfer, ALICE, 'a zone transfer has many answers'],
    ['a notification', RECORDED.notify, ALICE, 'not a query'],
    ['a query without question', bytes('1e8801200000000000000000'), ALICE, 'not a query'],
    ['an answer from a client', answer, ALICE, 'an answer from a client'],
    ['a query from upstream', query, UPSTREAM, 'a query from upstream'],
    ['a query of 4097 bytes', longQuery(4097), ALICE, 'query too long'],
    ['what was sent here', query, undefined, 'a message without a sender'],
  ])('drops %s', (_, payload, from, reason) => {
    expect(new Relay().route(payload, from)).toEqual({ drop: reason })
  })

  it('drops a query that is cut anywhere, and keeps nothing of it', () => {
    const relay = new Relay({ pendingMax: 1 })
    for (let length = 0; length < query.length; length++) {
      const cut = relay.route(query.subarray(0, length), ALICE)
      expect(cut).toEqual({ drop: 'not a DNS message with one question' })
    }
    expect(relay.route(query, ALICE)).toBe('upstream')
  })

  it('throws at nothing that a client could send', () => {
    const relay = new Relay()
    const random = new SeededRandom(12)
    for (let round = 0; round < 20_000; round++) {
      const payload = Uint8Array.from(random.pick([query, answer, queryWithOption]))
      for (let changes = random.int(4); changes >= 0; changes--) {
        payload[random.int(payload.length)] = random.int(256)
      }
      expect(['string', 'object']).toContain(
        typeof relay.route(payload, random.pick([ALICE, UPSTREAM])),
      )
    }
  })

  it('drops queries above its limit of pending ones', () => {
    const relay = new Relay({ pendingMax: 2 })
    relay.route(query, ALICE)
    relay.route(otherQuery, ALICE)
    const third = dnsQuery(9, 'third.example.test')
    expect(relay.route(third, BOB)).toEqual({ drop: 'too many queries pending' })
    relay.route(answer, UPSTREAM)
    expect(relay.route(third, BOB)).toBe('upstream')
  })

  it.each([
    [{ upstreem: 'x' }, /unknown option "upstreem"; known are upstream, pendingMax, timeoutMs/],
    [{ upstream: 7 }, /upstream: not usable: 7/],
    [{ pendingMax: 0 }, /pendingMax: not usable: 0/],
    [{ timeoutMs: '5s' }, /timeoutMs: not usable: "5s"/],
  ])('refuses the options %j', (options, message) => {
    expect(() => new Relay(options)).toThrow(message)
  })
})

/** A query with bytes after its question, as options would be. */
function longQuery(length: number): Uint8Array {
  return Buffer.concat([query, Buffer.alloc(length - query.length)])
}

describe('its pending queries', () => {
  function read(payload: Uint8Array): NonNullable<ReturnType<typeof readDnsMessage>> {
    const dns = readDnsMessage(payload)
    if (dns === undefined) throw new Error('not readable')
    return dns
  }

  it('are given up after their time, and make room', () => {
    let nowMs = 0
    const pending = new PendingQueries(1, 1_000, () => nowMs)
    expect(pending.add(read(query), 'a', ALICE)).toBe('added')
    nowMs = 900
    expect(pending.add(read(otherQuery), 'b', BOB)).toBe('full')
    nowMs = 1_200
    expect(pending.add(read(otherQuery), 'b', BOB)).toBe('added')
    expect(pending.take(read(answer))).toBeUndefined()
    expect(pending.take(read(otherAnswer))).toEqual(BOB)
    expect(pending.size).toBe(0)
  })

  it('expire one by one if the same bytes were sent at different times', () => {
    let nowMs = 0
    const pending = new PendingQueries(10, 1_000, () => nowMs)
    pending.add(read(query), 'a', ALICE)
    nowMs = 800
    pending.add(read(query), 'a', BOB)
    nowMs = 1_300
    pending.add(read(otherQuery), 'b', ALICE)
    expect(pending.size).toBe(2)
    expect(pending.take(read(answer))).toEqual(BOB)
  })

  it('are answered once to the client that asked, and stay within their limit', () => {
    const random = new SeededRandom(7)
    let nowMs = 0
    const pending = new PendingQueries(20, 100, () => nowMs)
    const keys = new Map<number, string>()
    const name = (at: number): string => `${String(at)}.example.test`
    for (let round = 1; round <= 20_000; round++) {
      nowMs += random.int(3)
      const dns = read(dnsQuery(random.int(3), name(random.int(20)), RECORD_TYPES.A))
      const key = `${String(dns.id)} ${dns.question}`
      if (random.chance(0.6)) {
        const added = pending.add(dns, dns.question, { link: 'clients/1', epoch: round })
        if (added === 'added') keys.set(round, key)
      } else {
        const asker = pending.take(dns)
        if (asker !== undefined) expect(keys.get(asker.epoch)).toBe(key)
        if (asker !== undefined) keys.delete(asker.epoch)
      }
      expect(pending.size).toBeGreaterThanOrEqual(0)
      expect(pending.size).toBeLessThanOrEqual(20)
    }
    nowMs += 1_000
    pending.add(read(dnsQuery(60_000, name(0))), 'last', ALICE)
    expect(pending.size).toBe(1)
  })
})
