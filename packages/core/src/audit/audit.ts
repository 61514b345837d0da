import type { Rejections, Stranger } from '../accept/rejections.js'
import type { PassiveEntryConfig } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Link } from '../link/link.js'
import type { Finding } from '../contracts/finding.js'
import { type ReasonCode, reasonText } from '../contracts/reason.js'
import { nearMatch } from './near-match.js'

/** Strangers that get a hint, for which each is compared with every entry. A larger number is probably a scan. */
const HINTS_MAX = 32

export interface AuditOptions {
  readonly everyMs: number
  /** A shorter absence is not a finding. */
  readonly graceMs: number
}

/** Compares the table with the state of the links, on request and on a schedule. */
export class Audit {
  readonly #rejections: Rejections
  readonly #clock: Clock
  #links: readonly Link[]
  #options: AuditOptions
  readonly #report: (findings: readonly Finding[]) => void
  #timer: Timer | undefined
  #looking = false

  constructor(
    links: readonly Link[],
    rejections: Rejections,
    clock: Clock,
    options: AuditOptions,
    report: (findings: readonly Finding[]) => void,
  ) {
    this.#links = links
    this.#rejections = rejections
    this.#clock = clock
    this.#options = options
    this.#report = report
  }

  start(): void {
    this.#looking = true
    if (this.#options.everyMs === 0) return
    this.#timer = this.#clock.after(this.#options.everyMs, () => {
      this.start()
      this.#report(this.#look(true))
    })
  }

  /** Audits these links with these options from now on. */
  reconfigure(links: readonly Link[], options: AuditOptions): void {
    const everyChanged = options.everyMs !== this.#options.everyMs
    this.#links = links
    this.#options = options
    if (!everyChanged || !this.#looking) return
    this.stop()
    this.start()
  }

  stop(): void {
    this.#looking = false
    this.#timer?.cancel()
  }

  /** The findings at this moment. */
  findings(): Finding[] {
    return this.#look(false)
  }

  #look(scheduled: boolean): Finding[] {
    const strangers = this.#rejections.strangers(scheduled)
    return [...this.#absences(), ...this.#exhausted(), ...this.#strangers(strangers)]
  }

  #strangers(strangers: readonly Stranger[]): Finding[] {
    const entries = strangers.length === 0 ? [] : this.#passiveEntries()
    return strangers.map((stranger, at) => {
      const hint = at < HINTS_MAX ? nearMatch(stranger.remote, entries) : undefined
      return { kind: 'stranger', ...stranger, ...(hint === undefined ? {} : { hint }) }
    })
  }

  /** Entries with a free slot first. */
  #passiveEntries(): PassiveEntryConfig[] {
    const vacant = new Set<PassiveEntryConfig>()
    const filled = new Set<PassiveEntryConfig>()
    for (const { entry, state } of this.#links) {
      if (entry.role === 'passive') (state === 'awaiting' ? vacant : filled).add(entry)
    }
    return [...vacant, ...filled]
  }

  /** One connection is enough for an entry with several slots: how many peers should come is not configured. */
  #absences(): Finding[] {
    const byEntry = new Map<string, Link[]>()
    for (const link of this.#links) {
      if (link.entry.role !== 'passive') continue
      const links = byEntry.get(link.entry.id)
      if (links === undefined) byEntry.set(link.entry.id, [link])
      else links.push(link)
    }
    const nowMs = this.#clock.now()
    const findings: Finding[] = []
    for (const [entry, links] of byEntry) {
      if (!links.every((link) => link.state === 'awaiting')) continue
      const forMs = Math.min(...links.map((link) => nowMs - link.changedMs))
      if (forMs < this.#options.graceMs) continue
      const kind = links.every((link) => link.epoch === 0) ? 'never filled' : 'absent'
      findings.push({ kind, entry, forMs })
    }
    return findings
  }

  #exhausted(): Finding[] {
    const nowMs = this.#clock.now()
    return this.#links
      .filter((link) => link.state === 'exhausted')
      .map((link) => ({
        kind: 'exhausted',
        link: link.id,
        forMs: nowMs - link.changedMs,
        ...exhaustedReason(link),
      }))
  }
}

function exhaustedReason({ reason }: Link): { reason: string | undefined; code?: ReasonCode } {
  if (reason === undefined) return { reason }
  return { reason: reasonText(reason), code: reason.code }
}
