import { durationText, type Finding } from '@commloop/core'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'
import type { LinkReport, NodeReport } from '../../running-node/node-report.js'

/** What a running node has found out by itself. */
export function nodeFindings({ links, findings }: NodeReport): DoctorFinding[] {
  return [...findings.map(auditFinding), ...links.filter(isDown).map(linkDown)]
}

/** What gave up is a finding of the audit already, and of a passive link that is empty too. */
function isDown({ state, reason }: LinkReport): boolean {
  return reason !== null && (state === 'backoff' || state === 'dialing')
}

function linkDown({ id, state, reason }: LinkReport): DoctorFinding {
  const message = `is ${state}, after: ${reason ?? ''}`
  return doctorFinding('link-down', id, message, 'docs/link-states.md says what each reason means.')
}

function auditFinding(finding: Finding): DoctorFinding {
  switch (finding.kind) {
    case 'never filled':
    case 'absent': {
      const since = finding.kind === 'absent' ? 'nobody is connected' : 'nobody has ever connected'
      return doctorFinding(
        'entry-absent',
        finding.entry,
        `${since}, for ${rounded(finding.forMs)}`,
        'Start the peer; `commloop mirror` shows what its table needs; strangers may be the peer.',
      )
    }
    case 'exhausted':
      return doctorFinding(
        'link-exhausted',
        finding.link,
        `gave up dialling ${rounded(finding.forMs)} ago: ${finding.reason ?? 'unknown'}`,
        'Mend the cause; it dials again after rearmAfter, or when the peer connects to us.',
      )
    case 'stranger':
      return strangerFinding(finding)
  }
}

function strangerFinding(finding: Finding & { kind: 'stranger' }): DoctorFinding {
  const { remote, reason, count, hint } = finding
  const tries = `was refused ${String(count)} times, ${reason}`
  return hint === undefined
    ? doctorFinding(
        'stranger',
        remote,
        tries,
        'Give it a passive entry if it is a peer; else look for what dials here.',
      )
    : doctorFinding(
        'address-nearly-matches',
        remote,
        `${tries}, and ${hint}`,
        'Correct the address in the entry, or at the machine.',
      )
}

function rounded(ms: number): string {
  return durationText(Math.max(1, Math.round(ms / 1000)) * 1000)
}
