import { addressText } from '../address/address-text.js'
import type { Clock } from '../contracts/clock.js'
import type { Finding } from '../contracts/finding.js'
import type { Logger } from '../contracts/logger.js'
import type { LinkChange } from '../contracts/node-events.js'
import { Throttle } from './throttle.js'

/** Log lines for one entry and state: the entry's peers decide how often it changes. Events report every change. */
const CHANGES = { perWindow: 10, windowMs: 10_000, kindsMax: 1_024 } as const
/** Log lines about strangers in one audit. The event has all of them. */
const STRANGERS_MAX = 10

/** Writes log lines about links and entries. Their number is bounded, whatever peers do. */
export class NodeLog {
  readonly #logger: Logger
  readonly #changes: Throttle<LinkChange>

  constructor(clock: Clock, logger: Logger) {
    this.#logger = logger
    this.#changes = new Throttle(clock, CHANGES, (change, count) => {
      this.#writeChange(change, count)
    })
  }

  changed(entry: string, change: LinkChange): void {
    this.#changes.occurred(`${change.state} ${entry}`, change)
  }

  /** @param count how many changes of one entry and state the line stands for; `change` is the last */
  #writeChange(change: LinkChange, count: number): void {
    const { state } = change
    const level = state === 'backoff' || state === 'exhausted' ? 'warn' : 'info'
    const more = count === 1 ? '' : `; ${String(count)} changes of this entry`
    this.#logger[level](count === 1 ? { ...change } : { ...change, count }, linkText(change) + more)
  }

  found(findings: readonly Finding[]): void {
    let strangers = 0
    for (const finding of findings) {
      if (finding.kind === 'stranger' && ++strangers > STRANGERS_MAX) continue
      this.#logger.warn({ finding }, `audit: ${findingText(finding)}`)
    }
    const more = strangers - STRANGERS_MAX
    if (more <= 0) return
    this.#logger.warn({ strangers }, `audit: ${String(more)} more addresses keep trying`)
  }

  /** Writes what the throttle still holds back. */
  close(): void {
    this.#changes.close()
  }
}

function linkText(change: LinkChange): string {
  const { link, state, remote, reason, delayMs } = change
  const peer = remote === undefined ? '' : ` with ${addressText(remote)}`
  const why = reason === undefined ? '' : `: ${reason}`
  const next = delayMs === undefined ? '' : `; next dial in ${String(Math.round(delayMs))} ms`
  return `${link} is ${state}${peer}${why}${next}`
}

function findingText(finding: Finding): string {
  switch (finding.kind) {
    case 'never filled':
      return `entry "${finding.entry}" has never had a connection`
    case 'absent':
      return `entry "${finding.entry}" has had no connection for ${secondsText(finding.forMs)}`
    case 'exhausted':
      return `link "${finding.link}" gave up dialling ${secondsText(finding.forMs)} ago: ${finding.reason ?? 'unknown'}`
    case 'stranger':
      return `${finding.remote} keeps trying (${String(finding.count)} times): ${finding.reason}${hintText(finding.hint)}`
  }
}

function hintText(hint: string | undefined): string {
  return hint === undefined ? '' : `; ${hint}`
}

function secondsText(ms: number): string {
  return `${String(Math.round(ms / 1000))} s`
}
