import type { LinkStatus, NodeStatus } from '@commloop/control'
import { ageText, bytesText, countText } from '../terminal/amounts.js'
import { gauge, sparkline } from '../terminal/sparkline.js'
import { fittedLine, type StyledCell, tableLines } from '../terminal/table.js'
import type { RateTable } from './link-rates.js'
import { noteText, peerText, stateCell } from './status-text.js'

const GRAPH_WIDTH = 16
const GAUGE_WIDTH = 8
/** Lines other than links: head, totals, blank, titles, blank, foot. */
const OTHER_LINES = 6

const HEAD = ['link', 'state', 'peer', 'sent/s', '', 'received/s', '', 'queue', '', '']

/** The status of a node and its age. */
export interface TopSample {
  readonly status: NodeStatus
  readonly ageMs: number
  /** Why there is no newer status. */
  readonly problem: string | undefined
}

/** The lines of `commloop top`. */
export function topLines(
  sample: TopSample,
  rates: RateTable,
  size: { readonly columns: number; readonly rows: number },
  color: boolean,
): string[] {
  const { status, ageMs, problem } = sample
  const room = Math.max(1, size.rows - OTHER_LINES)
  const shown = chosenLinks(status.links, room)
  const hidden = status.links.length - shown.length
  const table = tableLines(
    [
      HEAD.map((text) => ({ text, style: 'bold' as const })),
      ...shown.map((link) => linkRow(link, rates, ageMs)),
    ],
    { columns: size.columns, color },
  )
  const more = hidden === 0 ? '' : `… and ${String(hidden)} more links. `
  const foot = problem === undefined ? `${more}q or Ctrl-C: quit` : `${more}${problem}; retrying`
  return [
    fittedLine(headText(status, ageMs), size.columns),
    fittedLine(totalText(status, rates), size.columns),
    '',
    ...table,
    '',
    fittedLine(foot, size.columns),
  ]
}

/** All links in their order. If there are too many, links that are not up are preferred. */
function chosenLinks(links: readonly LinkStatus[], room: number): readonly LinkStatus[] {
  if (links.length <= room) return links
  const down = links.filter(({ state }) => state !== 'up')
  const up = links.filter(({ state }) => state === 'up')
  const chosen = new Set([...down, ...up].slice(0, room))
  return links.filter((link) => chosen.has(link))
}

function headText({ node, pid, uptimeMs, missing }: NodeStatus, ageMs: number): string {
  const lacking = missing.map(({ entry, kind }) => `${entry} ${kind}`).join(', ')
  const health = lacking === '' ? 'no peer is missing' : `MISSING: ${lacking}`
  return `${node}  process ${String(pid)}, up for ${ageText(uptimeMs + ageMs)}  ${health}`
}

function totalText({ links }: NodeStatus, rates: RateTable): string {
  const total = { sent: 0, sentBytes: 0, received: 0, receivedBytes: 0, queued: 0, up: 0 }
  for (const { id, queuedMessages, state } of links) {
    const { sent, received } = rates.of(id)
    total.sent += sent.messages
    total.sentBytes += sent.bytes
    total.received += received.messages
    total.receivedBytes += received.bytes
    total.queued += queuedMessages
    if (state === 'up') total.up++
  }
  return (
    `${String(total.up)} of ${String(links.length)} links up` +
    `  sent ${countText(total.sent)}/s, ${bytesText(total.sentBytes)}/s` +
    `  received ${countText(total.received)}/s, ${bytesText(total.receivedBytes)}/s` +
    `  ${countText(total.queued)} queued`
  )
}

function linkRow(link: LinkStatus, rates: RateTable, ageMs: number): StyledCell[] {
  const { sent, received, sentHistory, receivedHistory } = rates.of(link.id)
  const next = link.nextDialInMs === null ? null : Math.max(0, link.nextDialInMs - ageMs)
  return [
    { text: link.id },
    stateCell(link),
    { text: peerText(link) },
    { text: countText(sent.messages).padStart(6) },
    { text: sparkline(sentHistory, GRAPH_WIDTH), style: 'green' },
    { text: countText(received.messages).padStart(10) },
    { text: sparkline(receivedHistory, GRAPH_WIDTH), style: 'green' },
    ...queueCells(link),
    { text: noteText(link, next), style: 'dim' },
  ]
}

/** How full the outbox is: the larger of its two fractions, messages or bytes. */
function queueCells(link: LinkStatus): StyledCell[] {
  const byMessages = ratio(link.queuedMessages, link.queuedMessagesMax)
  const full = Math.max(byMessages, ratio(link.queuedBytes, link.queuedBytesMax))
  const style = link.aboveHighWaterMark ? 'red' : full > 0 ? 'yellow' : 'dim'
  const percent = full > 0 && full < 0.01 ? '<1%' : `${String(Math.round(full * 100))}%`
  return [
    { text: gauge(full, GAUGE_WIDTH), style },
    {
      text: link.queuedMessages === 0 ? '0' : `${countText(link.queuedMessages)} ${percent}`,
      style,
    },
  ]
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
