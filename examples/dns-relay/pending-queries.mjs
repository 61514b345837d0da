import { performance } from 'node:perf_hooks'

/**
 * Which client waits for which answer. The number of queries and their age are limited: if upstream never answers,
 * clients lose their answers, but the memory of the node does not grow.
 *
 * Each client chooses its own 16-bit DNS ids, so two clients may use the same id at the same time. The answer repeats
 * the question, so id and question together identify nearly every query. Two cases remain:
 *
 * - identical queries: both wait in line, and either answer is correct for either client
 * - the same id and question with other flags or options: the second query waits until the first is answered
 */
export class PendingQueries {
  #byQuestion = new Map()
  #size = 0
  #max
  #timeoutMs
  #now
  #sweepDueMs

  /**
   * @param {number} max limit of pending queries
   * @param {number} timeoutMs how long a query waits for its answer; it may be kept up to a fifth longer
   * @param {() => number} now monotonic milliseconds
   */
  constructor(max, timeoutMs, now = () => performance.now()) {
    this.#max = max
    this.#timeoutMs = timeoutMs
    this.#now = now
    this.#sweepDueMs = now() + timeoutMs / 5
  }

  get size() {
    return this.#size
  }

  /**
   * @param {import('./dns-message.mjs').DnsMessage} dns
   * @param {string} query all bytes of the query
   * @param {{ link: string, epoch: number }} asker
   * @returns {'added' | 'clash' | 'full'} `clash` and `full`: the query was not added
   */
  add(dns, query, asker) {
    const nowMs = this.#now()
    if (nowMs >= this.#sweepDueMs) this.#sweep(nowMs)
    const key = keyOf(dns)
    const line = this.#byQuestion.get(key)
    if (line !== undefined && line[0].query !== query) return 'clash'
    if (this.#size >= this.#max) return 'full'
    const pending = { id: dns.id, query, asker, endMs: nowMs + this.#timeoutMs }
    if (line === undefined) this.#byQuestion.set(key, [pending])
    else line.push(pending)
    this.#size++
    return 'added'
  }

  /**
   * Removes the query that has waited longest for this answer, and returns its client.
   * @param {import('./dns-message.mjs').DnsMessage} dns
   * @returns {{ link: string, epoch: number } | undefined}
   */
  take(dns) {
    const key = dns.question === '' ? this.#onlyKeyOf(dns.id) : keyOf(dns)
    const line = this.#byQuestion.get(key)
    if (line === undefined) return undefined
    const pending = line.shift()
    if (line.length === 0) this.#byQuestion.delete(key)
    this.#size--
    return pending.asker
  }

  /** A server that cannot parse a query answers without the question. The id must then identify it, if it is unique. */
  #onlyKeyOf(id) {
    let only
    for (const [key, [pending]] of this.#byQuestion) {
      if (pending.id !== id) continue
      if (only !== undefined) return undefined
      only = key
    }
    return only
  }

  #sweep(nowMs) {
    this.#sweepDueMs = nowMs + this.#timeoutMs / 5
    for (const [key, line] of this.#byQuestion) {
      const waiting = line.filter((pending) => pending.endMs > nowMs)
      this.#size -= line.length - waiting.length
      if (waiting.length === 0) this.#byQuestion.delete(key)
      else if (waiting.length < line.length) this.#byQuestion.set(key, waiting)
    }
  }
}

function keyOf(dns) {
  return `${String(dns.id)} ${dns.question}`
}
