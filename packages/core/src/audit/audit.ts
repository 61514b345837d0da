import type { Rejections, Stranger } from '../accept/rejections.js'
import type { PassiveEntryConfig } from '../config/node-config.js'
import { reasonText } from '../contracts/reason.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Link } from '../link/link.js'
import type { Finding } from '../contracts/finding.js'
import { nearMatch } from './near-match.js'

/** Of more strangers than this one cannot be told from a scan, and each is compared with every entry. */
const HINTS_MAX = 32

export interface AuditOptions {
  readonly everyMs: number
  /** An absence shorter than this is no finding. */
  readonly graceMs: number
}

/** The scheduled look for what should be there and is not. */
export class Audit {
  readonly #rejections: Rejections
  readonly #clock: Clock
  #links: readonly Link[]
  #options: AuditOptions
  readonly #tell: (findings: readonly Finding[]) => void
  #timer: Timer | undefined
  #looking = false

  constructor(
    links: readonly Link[],
    rejections: Rejections,
    clock: Clock,
    options: AuditOptions,
    tell: (findings: readonly Finding[]) => void,
  ) {
    this.#links = links
    this.#rejections = rejections
    this.#clock = clock
    this.#options = options
    this.#tell = tell
  }

  start(): void {
    this.#looking = true
    if (this.#options.everyMs === 0) return
    this.#timer = this.#clock.after(this.#options.everyMs, () => {
      this.start()
      this.#tell(this.#look(true))
    })
  }

  /** The table, or when to look and what for, is another from now on. */
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

  /** What there is to find now. */
  findings(): Finding[] {
    return this.#look(false)
  }

  #look(scheduled: boolean): Finding[] {
    const strangers = this.#rejections.strangers(scheduled)
    return [...this.#absences(), ...this.#exhausted(), ...this.#told(strangers)]
  }

  #told(strangers: readonly Stranger[]): Finding[] {
    const entries = strangers.length === 0 ? [] : this.#passiveEntries()
    return strangers.map((stranger, at) => {
      const hint = at < HINTS_MAX ? nearMatch(stranger.remote, entries) : undefined
      return { kind: 'stranger', ...stranger, ...(hint === undefined ? {} : { hint }) }
    })
  }

  /** Those that somebody is missed for come first. */
  #passiveEntries(): PassiveEntryConfig[] {
    const missed = new Set<PassiveEntryConfig>()
    const filled = new Set<PassiveEntryConfig>()
    for (const { entry, state } of this.#links) {
      if (entry.role === 'passive') (state === 'awaiting' ? missed : filled).add(entry)
    }
    return [...missed, ...filled]
  }

  /** Of an entry with several slots one connection is enough: how many come is not configured. */
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
        reason: link.reason && reasonText(link.reason),
      }))
  }
}
