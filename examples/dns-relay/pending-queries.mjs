import { performance } from 'node:perf_hooks'

/**
 * Who waits for which answer. Bounded in number and in time: an upstream that never answers costs the clients their
 * answers, not the node its memory.
 *
 * Clients choose the 16 bits of a DNS id for themselves, so two of them may well have the same id pending at once.
 * The answer repeats the question, so id and question together tell nearly all of them apart. What is left:
 *
 * - the same bytes, asked twice: both wait in line, and either answer is right for either of them
 * - the same id and question with other flags or options: the second one has to wait until the first is answered
 */
export class PendingQueries {
  #byQuestion = new Map()
  #size = 0
  #max
  #timeoutMs
  #now
  #sweepDueMs

  /**
   * @param {number} max most queries at once
   * @param {number} timeoutMs how long an answer is waited for; an entry may live up to a fifth longer
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
   * @returns {'added' | 'clash' | 'full'} after `clash` and `full` nothing has changed
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
   * Takes out whoever has waited longest for this answer.
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

  /** Servers that could not read a query answer without the question. Then the id has to do, if it is unique. */
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
