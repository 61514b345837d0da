import { addressText } from '../address/address-text.js'
import type { Finding } from '../contracts/finding.js'
import type { Clock } from '../contracts/clock.js'
import type { Logger } from '../contracts/logger.js'
import type { LinkChange } from '../contracts/node-events.js'
import { Throttle } from './throttle.js'

/** Lines about links of one entry that came into one state: its peers decide how often. Events tell every one. */
const CHANGES = { perWindow: 10, windowMs: 10_000, kindsMax: 1_024 } as const
/** Lines about strangers in one audit. The event tells all. */
const STRANGERS_MAX = 10

/** What happens to links and entries, in the words of the log: bounded, whatever peers do. */
export class NodeLog {
  readonly #logger: Logger
  readonly #changes: Throttle<LinkChange>

  constructor(clock: Clock, logger: Logger) {
    this.#logger = logger
    this.#changes = new Throttle(clock, CHANGES, (change, count) => {
      this.#tellChange(change, count)
    })
  }

  changed(entry: string, change: LinkChange): void {
    this.#changes.occurred(`${change.state} ${entry}`, change)
  }

  /** `count` changes of this sort, of which this is the last. */
  #tellChange(change: LinkChange, count: number): void {
    const { state } = change
    const level = state === 'backoff' || state === 'exhausted' ? 'warn' : 'info'
    const more = count === 1 ? '' : `; ${String(count)} times of this entry`
    this.#logger[level](count === 1 ? { ...change } : { ...change, count }, linkText(change) + more)
  }

  found(findings: readonly Finding[]): void {
    let strangers = 0
    for (const finding of findings) {
      if (finding.kind === 'stranger' && ++strangers > STRANGERS_MAX) continue
      this.#logger.warn({ finding }, `audit: ${findingText(finding)}`)
    }
    const unnamed = strangers - STRANGERS_MAX
    if (unnamed <= 0) return
    this.#logger.warn({ strangers }, `audit: ${String(unnamed)} more addresses keep trying`)
  }

  /** Tells what is untold. */
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
      return `nobody has ever connected for "${finding.entry}"`
    case 'absent':
      return `nobody is connected for "${finding.entry}" since ${secondsText(finding.forMs)}`
    case 'exhausted':
      return `"${finding.link}" gave up dialling ${secondsText(finding.forMs)} ago: ${finding.reason ?? 'unknown'}`
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
