import type { Finding } from '@commloop/core'
import type { LinkStatus, NodeStatus } from '@commloop/control'
import { ageText, bytesText, countText } from '../terminal/amounts.js'
import { fittedLine, type StyledCell, tableLines } from '../terminal/table.js'
import { STATE_STYLES } from '../terminal/state-styles.js'

const HEAD = ['link', 'state', 'for', 'peer', 'epoch', 'queued', 'written', 'received', '']

/** A line about the node, a row for each link, missing peers, and further findings of the audit. */
export function statusText(status: NodeStatus, columns: number, color: boolean): string {
  const rows = status.links.map(linkRow)
  const lines = [
    fittedLine(headText(status), columns),
    '',
    ...tableLines([HEAD.map((text) => ({ text, style: 'bold' as const })), ...rows], {
      columns,
      color,
    }),
    ...section('Missing', status.missing.map(missingText), columns),
    ...section('Audit', furtherFindings(status).map(findingText), columns),
  ]
  return `${lines.join('\n')}\n`
}

function headText(status: NodeStatus): string {
  const { node, version, pid, uptimeMs, listen, counters, lostLogLines } = status
  const place =
    listen === null ? 'does not listen' : `listens at ${listen.host}:${String(listen.port)}`
  const waiting =
    counters.routing === 0 ? '' : `, ${String(counters.routing)} messages waiting for the router`
  const lost = lostLogLines === 0 ? '' : `, ${String(lostLogLines)} log lines lost`
  return `${node}: commloop ${version}, process ${String(pid)}, up for ${ageText(uptimeMs)}, ${place}${waiting}${lost}`
}

function section(title: string, lines: readonly string[], columns: number): string[] {
  return lines.length === 0
    ? []
    : ['', title, ...lines.map((line) => fittedLine(`  ${line}`, columns))]
}

function linkRow(link: LinkStatus): StyledCell[] {
  const { counters } = link
  return [
    { text: link.id },
    stateCell(link),
    { text: ageText(link.sinceMs) },
    { text: peerText(link) },
    { text: String(link.epoch) },
    queueCell(link),
    { text: `${countText(counters.written)}, ${bytesText(counters.writtenBytes)}` },
    { text: `${countText(counters.received)}, ${bytesText(counters.receivedBytes)}` },
    { text: noteText(link, link.nextDialInMs), style: 'dim' },
  ]
}

export function stateCell({ state, enabled }: LinkStatus): StyledCell {
  const isKeptDown = !enabled && state === 'idle'
  return { text: isKeptDown ? 'disabled' : state, style: STATE_STYLES[state] }
}

/** The address of the connected peer, or the configured address with the direction of the dial. */
export function peerText({ remote, peer, role }: LinkStatus): string {
  if (remote !== null) return remote
  return role === 'active' ? `→ ${peer}` : `← ${peer}`
}

function queueCell({ queuedMessages, queuedBytes, aboveHighWaterMark }: LinkStatus): StyledCell {
  if (queuedMessages === 0) return { text: '0', style: 'dim' }
  const text = `${countText(queuedMessages)}, ${bytesText(queuedBytes)}`
  return { text, style: aboveHighWaterMark ? 'red' : 'yellow' }
}

/** Why the link is not up, and when the next dial is due. */
export function noteText(
  { state, reason, attempt }: LinkStatus,
  nextDialInMs: number | null,
): string {
  if (state === 'up') return ''
  const steps = [
    ...(nextDialInMs === null ? [] : [`dials in ${ageText(nextDialInMs)}`]),
    ...(attempt === 0 ? [] : [`attempt ${String(attempt)}`]),
  ].join(', ')
  return [steps, reason ?? ''].filter((text) => text !== '').join(': ')
}

function missingText({ entry, kind, forMs, reason }: NodeStatus['missing'][number]): string {
  const why = reason === null ? '' : `: ${reason}`
  return `${entry} is ${kind} for ${ageText(forMs)}${why}`
}

/** Findings without those about entries that are listed as missing. */
function furtherFindings({ findings, missing }: NodeStatus): Finding[] {
  const listed = new Set(missing.map(({ entry }) => entry))
  return findings.filter((finding) => {
    if (finding.kind === 'stranger') return true
    return !listed.has(finding.kind === 'exhausted' ? finding.link : finding.entry)
  })
}

function findingText(finding: Finding): string {
  switch (finding.kind) {
    case 'never filled':
      return `${finding.entry}: no peer has ever connected`
    case 'absent':
      return `${finding.entry}: no connection for ${ageText(finding.forMs)}`
    case 'exhausted':
      return `${finding.link}: gave up dialling ${ageText(finding.forMs)} ago: ${finding.reason ?? 'unknown reason'}`
    case 'stranger':
      return `${finding.remote}: rejected ${String(finding.count)} times: ${finding.reason}`
  }
}
