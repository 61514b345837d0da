import { defineRouter } from '@commloop/router-plugin-api'
import { bytesText, readDnsMessage } from './dns-message.mjs'
import { PendingQueries } from './pending-queries.mjs'

const QUERY = 0
const IXFR = 251
const AXFR = 252
/** Typical queries have about 50 bytes. The bytes of every pending query are kept in memory. */
const QUERY_BYTES_MAX = 4096
const DEFAULTS = { upstream: 'upstream', pendingMax: 10_000, timeoutMs: 5_000 }

/**
 * The queries of all clients go to one upstream server. Each answer goes back over the connection of its query.
 *
 *     client A ─ id 7 ──▶┐            ┌──▶ upstream
 *     client B ─ id 7 ──▶┤  pending   ├─── id 7, question of B ──▶ client B
 *     client C ─ id 9 ──▶┘            └─── id 7, question of A ──▶ client A
 */
class DnsRelay {
  #upstream
  #pending

  constructor({ upstream, pendingMax, timeoutMs }) {
    this.#upstream = upstream
    this.#pending = new PendingQueries(pendingMax, timeoutMs)
  }

  route({ payload, from, deferrals }, links) {
    if (from === undefined) return { drop: 'a message without a sender' }
    const dns = readDnsMessage(payload)
    // Do not forward malformed messages: the server might close the connection, which all clients share.
    if (dns === undefined) return { drop: 'not a DNS message with one question' }
    if (from.link === this.#upstream) return this.#answer(dns)
    if (deferrals > 0 && !isThere(from, links)) return { drop: 'the client has disconnected' }
    return this.#query(dns, payload, from)
  }

  #query(dns, payload, from) {
    if (dns.isAnswer) return { drop: 'an answer from a client' }
    if (dns.opcode !== QUERY || dns.question === '') return { drop: 'not a query' }
    if (dns.type === AXFR || dns.type === IXFR) return { drop: 'a zone transfer has many answers' }
    if (payload.length > QUERY_BYTES_MAX) return { drop: 'query too long' }
    switch (this.#pending.add(dns, bytesText(payload), from)) {
      case 'added':
        return this.#upstream
      case 'clash':
        return { defer: '2ms' }
      case 'full':
        return { drop: 'too many queries pending' }
    }
  }

  #answer(dns) {
    if (!dns.isAnswer) return { drop: 'a query from upstream' }
    const asker = this.#pending.take(dns)
    // The epoch matters: another client that now has the slot must not get the answer.
    return asker ?? { drop: 'an answer without a pending query' }
  }
}

function isThere(from, links) {
  return links.some(
    ({ id, epoch, state }) => id === from.link && epoch === from.epoch && state === 'up',
  )
}

function checked(options) {
  const settings = { ...DEFAULTS }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(DEFAULTS, name)) {
      throw new Error(`unknown option "${name}"; known are ${Object.keys(DEFAULTS).join(', ')}`)
    }
    const isRight =
      name === 'upstream' ? typeof value === 'string' : Number.isInteger(value) && value > 0
    if (!isRight) throw new Error(`${name}: not usable: ${JSON.stringify(value)}`)
    settings[name] = value
  }
  return settings
}

export default defineRouter({
  name: 'dns-relay',
  create: (options) => new DnsRelay(checked(options)),
})
