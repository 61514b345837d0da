import type { LinkStatus, NodeStatus } from '@commloop/control'
import { visibleText } from '../terminal/escape-control-chars.js'
import { ageText, bytesText, countText } from '../terminal/amounts.js'
import { alignedLines, type Cell, cut } from '../terminal/cells.js'
import { gauge, sparkline } from '../terminal/sparkline.js'
import type { RateTable } from './link-rates.js'
import { noteText, peerText, stateCell } from './status-text.js'

const GRAPH_WIDTH = 16
const GAUGE_WIDTH = 8
/** Lines that are no row of a link: head, totals, blank, titles, blank, foot. */
const OTHER_LINES = 6

const HEAD = ['link', 'state', 'peer', 'sent/s', '', 'received/s', '', 'queue', '', '']

/** A node at one moment, and how long ago that was. */
export interface TopSample {
  readonly status: NodeStatus
  readonly ageMs: number
  /** Why there is no newer one. */
  readonly trouble: string | undefined
}

/** The lines of `commloop top`. */
export function topLines(
  sample: TopSample,
  rates: RateTable,
  size: { readonly columns: number; readonly rows: number },
  color: boolean,
): string[] {
  const { status, ageMs, trouble } = sample
  const room = Math.max(1, size.rows - OTHER_LINES)
  const shown = mostTelling(status.links, room)
  const hidden = status.links.length - shown.length
  const table = alignedLines(
    [
      HEAD.map((text) => ({ text, style: 'bold' as const })),
      ...shown.map((link) => linkRow(link, rates, ageMs)),
    ],
    size.columns,
    color,
  )
  const more = hidden === 0 ? '' : `… and ${String(hidden)} links more, all of them up. `
  const foot =
    trouble === undefined
      ? `${more}q or Ctrl-C: end`
      : `${more}${visibleText(trouble)}; asking again`
  return [
    cut(headText(status, ageMs), size.columns),
    cut(totalText(status, rates), size.columns),
    '',
    ...table,
    '',
    cut(foot, size.columns),
  ]
}

/** All in their order; where there are too many, those that are not up go first. */
function mostTelling(links: readonly LinkStatus[], room: number): readonly LinkStatus[] {
  if (links.length <= room) return links
  const down = links.filter(({ state }) => state !== 'up')
  const up = links.filter(({ state }) => state === 'up')
  const chosen = new Set([...down, ...up].slice(0, room))
  return links.filter((link) => chosen.has(link))
}

function headText({ node, pid, uptimeMs, missing }: NodeStatus, ageMs: number): string {
  const lacking = missing.map(({ entry, kind }) => `${visibleText(entry)} ${kind}`).join(', ')
  const health = lacking === '' ? 'nobody is missing' : `MISSING: ${lacking}`
  return `${visibleText(node)}  process ${String(pid)}, up for ${ageText(uptimeMs + ageMs)}  ${health}`
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

function linkRow(link: LinkStatus, rates: RateTable, ageMs: number): Cell[] {
  const { sent, received, sentHistory, receivedHistory } = rates.of(link.id)
  const next = link.nextDialInMs === null ? null : Math.max(0, link.nextDialInMs - ageMs)
  return [
    { text: visibleText(link.id) },
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

/** How full the outbox is, by whichever limit is nearer. */
function queueCells(link: LinkStatus): Cell[] {
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
