import type { Finding } from '@commloop/core'
import type { LinkStatus, NodeStatus } from '@commloop/control'
import { visibleText } from '../terminal/escape-control-chars.js'
import { ageText, bytesText, countText } from '../terminal/amounts.js'
import { alignedLines, type Cell, cut } from '../terminal/cells.js'
import { STATE_STYLES } from '../terminal/state-styles.js'

const HEAD = ['link', 'state', 'for', 'peer', 'epoch', 'queued', 'written', 'received', '']

/** What a node says of itself, for people: a line about it, a row for each link, and what is missing. */
export function statusText(status: NodeStatus, columns: number, color: boolean): string {
  const rows = status.links.map(linkRow)
  const lines = [
    cut(headText(status), columns),
    '',
    ...alignedLines(
      [HEAD.map((text) => ({ text, style: 'bold' as const })), ...rows],
      columns,
      color,
    ),
    ...section('Missing', status.missing.map(missingText), columns),
    ...section('Audit', furtherFindings(status).map(findingText), columns),
  ]
  return `${lines.join('\n')}\n`
}

function headText({ node, version, pid, uptimeMs, listen, counters }: NodeStatus): string {
  const place =
    listen === null ? 'listens nowhere' : `listens at ${listen.host}:${String(listen.port)}`
  const waiting =
    counters.routing === 0 ? '' : `, ${String(counters.routing)} messages wait for the router`
  return `${visibleText(node)}: commloop ${version}, process ${String(pid)}, up for ${ageText(uptimeMs)}, ${place}${waiting}`
}

function section(title: string, lines: readonly string[], columns: number): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => cut(`  ${line}`, columns))]
}

function linkRow(link: LinkStatus): Cell[] {
  const { counters } = link
  return [
    { text: visibleText(link.id) },
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

export function stateCell({ state, enabled }: LinkStatus): Cell {
  const isKeptDown = !enabled && state === 'idle'
  return { text: isKeptDown ? 'disabled' : state, style: STATE_STYLES[state] }
}

/** Who is there, else who should be. */
export function peerText({ remote, peer, role }: LinkStatus): string {
  if (remote !== null) return visibleText(remote)
  return role === 'active' ? `→ ${visibleText(peer)}` : `← ${visibleText(peer)}`
}

function queueCell({ queuedMessages, queuedBytes, aboveHighWaterMark }: LinkStatus): Cell {
  if (queuedMessages === 0) return { text: '0', style: 'dim' }
  const text = `${countText(queuedMessages)}, ${bytesText(queuedBytes)}`
  return { text, style: aboveHighWaterMark ? 'red' : 'yellow' }
}

/** Why it is not up, and what comes next. */
export function noteText(
  { state, reason, attempt }: LinkStatus,
  nextDialInMs: number | null,
): string {
  if (state === 'up') return ''
  const steps = [
    ...(nextDialInMs === null ? [] : [`dials in ${ageText(nextDialInMs)}`]),
    ...(attempt === 0 ? [] : [`attempt ${String(attempt)}`]),
  ].join(', ')
  return [steps, visibleText(reason ?? '')].filter((text) => text !== '').join(': ')
}

function missingText({ entry, kind, forMs, reason }: NodeStatus['missing'][number]): string {
  const why = reason === null ? '' : `: ${visibleText(reason)}`
  return `${visibleText(entry)} is ${kind} for ${ageText(forMs)}${why}`
}

/** What does not stand under the missing ones already. */
function furtherFindings({ findings, missing }: NodeStatus): Finding[] {
  const told = new Set(missing.map(({ entry }) => entry))
  return findings.filter((finding) => {
    if (finding.kind === 'stranger') return true
    return !told.has(finding.kind === 'exhausted' ? finding.link : finding.entry)
  })
}

function findingText(finding: Finding): string {
  switch (finding.kind) {
    case 'never filled':
      return `nobody has ever connected for ${visibleText(finding.entry)}`
    case 'absent':
      return `nobody is connected for ${visibleText(finding.entry)} since ${ageText(finding.forMs)}`
    case 'exhausted':
      return `${visibleText(finding.link)} gave up dialling ${ageText(finding.forMs)} ago: ${visibleText(finding.reason ?? 'unknown')}`
    case 'stranger':
      return `${visibleText(finding.remote)} keeps trying (${String(finding.count)} times): ${visibleText(finding.reason)}`
  }
}
