import { durationText, type Finding } from '@commloop/core'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'
import type { LinkReport, NodeReport } from '../../running-node/node-report.js'

/** Findings that the running node reports. */
export function nodeFindings({ links, findings }: NodeReport): DoctorFinding[] {
  return [...findings.map(auditFinding), ...links.filter(isDown).map(linkDown)]
}

/** The audit already reports exhausted links and empty passive entries. */
function isDown({ state, reason }: LinkReport): boolean {
  return reason !== null && (state === 'backoff' || state === 'dialing')
}

function linkDown({ id, state, reason }: LinkReport): DoctorFinding {
  const message = `is in state ${state} after: ${reason ?? ''}`
  return doctorFinding('link-down', id, message, 'docs/link-states.md explains every reason.')
}

function auditFinding(finding: Finding): DoctorFinding {
  switch (finding.kind) {
    case 'never filled':
    case 'absent': {
      const time = rounded(finding.forMs)
      return doctorFinding(
        'entry-absent',
        finding.entry,
        finding.kind === 'absent'
          ? `has had no connection for ${time}`
          : `has had no connection since the node started ${time} ago`,
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
