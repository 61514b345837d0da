import { durationText, type Finding, type ReasonCode } from '@commloop/core'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'
import type { LinkReport, NodeReport } from '../../running-node/node-report.js'

/** The bytes of the peer were not the frames that this node expects. */
const FRAMING: ReadonlySet<ReasonCode> = new Set([
  'protocol-error',
  'frame-truncated',
  'partial-frame',
])

/** Why a passive link that waits for its peer has a problem, and not only a peer that has left. */
const FAULTS: ReadonlySet<ReasonCode> = new Set([
  ...FRAMING,
  'connection-failed',
  'silence',
  'not-ready',
  'write-stall',
])

/** Findings that the running node reports. */
export function nodeFindings({ links, findings }: NodeReport): DoctorFinding[] {
  const absent = new Set(findings.flatMap((finding) => absentEntry(finding) ?? []))
  return [
    ...findings.map((finding) => auditFinding(finding, links)),
    ...links.filter((link) => isDown(link) && !absent.has(link.entry)).map(linkDown),
  ]
}

function absentEntry(finding: Finding): string | undefined {
  return finding.kind === 'never filled' || finding.kind === 'absent' ? finding.entry : undefined
}

/** The audit already reports exhausted links, and passive entries that are empty for long. */
function isDown({ state, reason, reasonCode }: LinkReport): boolean {
  if (reason === null) return false
  if (state === 'awaiting') return reasonCode != null && FAULTS.has(reasonCode)
  return state === 'backoff' || state === 'dialing'
}

function linkDown({ id, state, reason, reasonCode }: LinkReport): DoctorFinding {
  const message = `is in state ${state} after: ${reason ?? ''}`
  const advice =
    reasonCode != null && FRAMING.has(reasonCode)
      ? 'The peer uses another framing: set what the text names; docs/wire-format.md explains it.'
      : 'docs/link-states.md explains every reason.'
  return doctorFinding('link-down', id, message, advice)
}

/** What the last connection of an absent peer ended with. */
function lastReason(entry: string, links: readonly LinkReport[]): string {
  const reason = links.find((link) => link.entry === entry && link.reason !== null)?.reason
  return reason == null ? '' : `; the last connection ended after: ${reason}`
}

function auditFinding(finding: Finding, links: readonly LinkReport[]): DoctorFinding {
  switch (finding.kind) {
    case 'never filled':
    case 'absent': {
      const time = rounded(finding.forMs)
      const last = lastReason(finding.entry, links)
      return doctorFinding(
        'entry-absent',
        finding.entry,
        finding.kind === 'absent'
          ? `has had no connection for ${time}${last}`
          : `has had no connection since the node started ${time} ago${last}`,
        'Start the peer; `commloop mirror` shows the table that it needs; a stranger may be the peer.',
      )
    }
    case 'exhausted':
      return doctorFinding(
        'link-exhausted',
        finding.link,
        `gave up dialling ${rounded(finding.forMs)} ago: ${finding.reason ?? 'unknown'}`,
        'Fix the cause; the link dials again after rearmAfter, or when the peer connects to this node.',
      )
    case 'stranger':
      return strangerFinding(finding)
  }
}

function strangerFinding(finding: Finding & { kind: 'stranger' }): DoctorFinding {
  const { remote, reason, count, hint } = finding
  const tries = `was refused ${String(count)} times: ${reason}`
  return hint === undefined
    ? doctorFinding(
        'stranger',
        remote,
        tries,
        'Add a passive entry if it is a peer; otherwise find out which program dials this node.',
      )
    : doctorFinding(
        'address-nearly-matches',
        remote,
        `${tries}, and ${hint}`,
        'Correct the address in the entry, or the address of the machine.',
      )
}

function rounded(ms: number): string {
  return durationText(Math.max(1, Math.round(ms / 1000)) * 1000)
}
