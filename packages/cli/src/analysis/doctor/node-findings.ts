import { durationText, type Finding, type ReasonCode } from '@commloop/core'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'
import type { LinkReport, NodeReport } from '../../running-node/node-report.js'

/** The bytes of the peer were not the frames that this node expects. */
const FRAMING: ReadonlySet<ReasonCode> = new Set([
  'protocol-error',
  'frame-truncated',
  'partial-frame',
])

/** How an opening fails, and what to try. */
const OPENING_ADVICE: ReadonlyMap<ReasonCode, string> = new Map([
  [
    'not-opened',
    'The text names the step and what the peer said: compare it with the manual of the peer, and check user, password and addresses in the options of `opening`.',
  ],
  [
    'opening-timeout',
    'The peer does not answer. Check whether it must speak first, whether the framing is right (`codec`), or raise `openTimeout` if the peer is slow.',
  ],
  [
    'opening-ended',
    'The peer hangs up on what the opening says: it may not know this address or user, or allow only one connection.',
  ],
  [
    'opening-early',
    'The peer already sends messages: it may need no opening, or another one. Compare both sides with `commloop check --with`.',
  ],
  ['opening-flood', 'The peer follows another protocol: check `opening` and `codec`.'],
  ['opening-threw', 'The plugin has a fault: the text is what it has thrown.'],
])

/** Why a passive link that waits for its peer has a problem, and not only a peer that has left. */
const FAULTS: ReadonlySet<ReasonCode> = new Set([
  ...FRAMING,
  'connection-failed',
  'silence',
  'not-ready',
  ...OPENING_ADVICE.keys(),
  'write-stall',
  'unacknowledged',
])

const ASK_THE_PEER =
  'Set `heartbeat` if the peer answers heartbeats; if it never sends first, set `ready: stable`.'

/** What to do, if the reason tells more than where it is explained. */
const ADVICE: ReadonlyMap<ReasonCode | null | undefined, string> = new Map([
  ...[...FRAMING].map((code) => {
    const advice =
      'The peer uses another framing: set what the text names; docs/wire-format.md and docs/framings.md explain it.'
    return [code, advice] as const
  }),
  ['not-ready', ASK_THE_PEER],
  [
    'unacknowledged',
    'Check the cable, the machine of the peer, and firewalls on the way; messages that were written may be lost.',
  ],
])

/** How a connection ends if a proxy has accepted it for a peer that is down. */
const HANGS_UP: ReadonlySet<ReasonCode> = new Set([
  'peer-closed',
  'connection-failed',
  'reset-by-peer',
])
/** The first dial may have failed before the peer was there. */
const SWALLOWED_ATTEMPTS_MIN = 2

/** Findings that the running node reports. */
export function nodeFindings({ links, findings }: NodeReport): DoctorFinding[] {
  const absent = new Set(findings.flatMap((finding) => absentEntry(finding) ?? []))
  return [
    ...findings.map((finding) => auditFinding(finding, links)),
    ...links.filter((link) => isDown(link) && !absent.has(link.entry)).map(linkDown),
    ...links.flatMap((link) => notReady(link) ?? []),
    ...links.filter(isSwallowed).map(swallowed),
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
  const ofOpening = reasonCode == null ? undefined : OPENING_ADVICE.get(reasonCode)
  if (ofOpening !== undefined) {
    const message = `is connected each time, but the opening does not succeed: ${reason ?? ''}`
    return doctorFinding('opening-failed', id, message, ofOpening)
  }
  const message = `is in state ${state} after: ${reason ?? ''}`
  const advice = ADVICE.get(reasonCode) ?? 'docs/link-states.md explains every reason.'
  return doctorFinding('link-down', id, message, advice)
}

/** A link that only a frame of its peer brings up. Other waits end by themselves. */
function notReady({ id, waiting }: LinkReport): DoctorFinding | undefined {
  if (waiting?.for !== 'frame') return undefined
  const message = `is connected to ${waiting.remote}, and waits for the first frame of the peer`
  return doctorFinding('link-not-ready', id, message, ASK_THE_PEER)
}

/** Connections open and end, one after the other, and the peer never sends anything. */
function isSwallowed({ state, reasonCode, attempt = 0, counters }: LinkReport): boolean {
  if (state === 'up' || reasonCode == null || !HANGS_UP.has(reasonCode)) return false
  const isSilent = counters !== undefined && counters.written > 0 && counters.receivedBytes === 0
  return isSilent && attempt >= SWALLOWED_ATTEMPTS_MIN
}

function swallowed({ id, counters }: LinkReport): DoctorFinding {
  const written = String(counters?.written ?? 0)
  return doctorFinding(
    'peer-swallows',
    id,
    `has written ${written} messages and never received a byte, and its connections end soon after they open: the messages are probably lost`,
    'If a proxy, a balancer or a tunnel accepts for the peer, set `ready: frame` or `ready: stable`: docs/operations.md.',
  )
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
