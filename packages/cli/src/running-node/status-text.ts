import { addressText, type Finding } from '@commloop/core'
import type { LinkStatus, NodeStatus } from '@commloop/control'
import { ageText, bytesText, countText } from '../terminal/amounts.js'
import { fittedLine, type StyledCell, tableLines } from '../terminal/table.js'
import { STATE_STYLES } from '../terminal/state-styles.js'

const HEAD = ['link', 'state', 'for', 'peer', 'epoch', 'queued', 'written', 'received', '']

/** A line about the node, a row for each link, missing peers, and further findings of the audit. */
export function statusText(status: NodeStatus, columns: number, color: boolean): string {
  const rows = status.links.map(linkRow)
  // A node of an older version does not report them.
  const names = (status as Partial<NodeStatus>).names ?? []
  const lines = [
    fittedLine(headText(status), columns),
    '',
    ...tableLines([HEAD.map((text) => ({ text, style: 'bold' as const })), ...rows], {
      columns,
      color,
    }),
    ...section('Names of passive entries', names.map(nameText), columns),
    ...section('Output', outputTexts(status), columns),
    ...section(
      'Missing',
      [...notListeningText(status), ...status.missing.map(missingText)],
      columns,
    ),
    ...section('Audit', furtherFindings(status).map(findingText), columns),
  ]
  return `${lines.join('\n')}\n`
}

function headText(status: NodeStatus): string {
  const { node, version, pid, uptimeMs, counters, lostLogLines } = status
  const place = listenText(status)
  const waiting =
    counters.routing === 0 ? '' : `, ${String(counters.routing)} messages waiting for the router`
  // A node of another version may not report them.
  const lost = lostLogLines > 0 ? `, ${String(lostLogLines)} log lines lost` : ''
  return `${node}: commloop ${version}, process ${String(pid)}, up for ${ageText(uptimeMs)}, ${place}${waiting}${lost}`
}

function listenText({ listen, listeners }: NodeStatus): string {
  if (listeners.length > 1) return `listens at ${listeners.map(listenerText).join(', ')}`
  const [only] = listeners
  if (only?.open === false) return listenerText(only)
  return listen === null ? 'does not listen' : `listens at ${listen.host}:${String(listen.port)}`
}

function listenerText({ name, host, port, open }: NodeStatus['listeners'][number]): string {
  const named = name === String(port) ? '' : `${name} `
  return `${named}${addressText({ ip: host, port })}${open ? '' : ' (not open)'}`
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
  const text = isKeptDown ? 'disabled' : state
  // The state may come from a foreign socket, and be `constructor`.
  return Object.hasOwn(STATE_STYLES, state) ? { text, style: STATE_STYLES[state] } : { text }
}

/**
 * The address of the connected peer, or the configured address with the direction of the dial. If the peer has several
 * addresses, the one that is dialled now or next comes first.
 */
export function peerText({ remote, peer, role, dialAddress }: LinkStatus): string {
  if (remote !== null) return remote
  if (role === 'passive') return `← ${peer}`
  // A node of an older version does not report it.
  if (typeof dialAddress !== 'string') return `→ ${peer}`
  const isFirst = [`${dialAddress}:`, `[${dialAddress}]:`].some((start) => peer.startsWith(start))
  return isFirst ? `→ ${peer}` : `→ ${dialAddress} (${peer})`
}

function queueCell({ queuedMessages, queuedBytes, aboveHighWaterMark }: LinkStatus): StyledCell {
  if (queuedMessages === 0) return { text: '0', style: 'dim' }
  const text = `${countText(queuedMessages)}, ${bytesText(queuedBytes)}`
  return { text, style: aboveHighWaterMark ? 'red' : 'yellow' }
}

const WAIT_TEXTS = {
  probation: 'waits until the probation is over',
  stable: 'waits until the connection is stable',
  frame: 'waits for the first frame of the peer',
  opening: 'opening',
} as const

function waitText(waiting: NonNullable<LinkStatus['waiting']>): string {
  if (waiting.for !== 'turn') {
    const progress = waiting.progress === undefined ? '' : `: ${waiting.progress}`
    return `connected to ${waiting.remote}, ${WAIT_TEXTS[waiting.for]}${progress}`
  }
  return `waits for its turn to dial, place ${String(waiting.place)} of ${String(waiting.of)}`
}

/** Why the link is not up, and when the next dial is due. */
export function noteText(
  { state, reason, attempt, waiting, counters }: LinkStatus,
  nextDialInMs: number | null,
): string {
  if (state === 'up') return lossesText(counters)
  // A node of an older version does not report it.
  if (waiting) {
    return [waitText(waiting), reason ?? ''].filter((text) => text !== '').join(': ')
  }
  const steps = [
    ...(nextDialInMs === null ? [] : [`dials in ${ageText(nextDialInMs)}`]),
    ...(attempt === 0 ? [] : [`attempt ${String(attempt)}`]),
  ].join(', ')
  return [steps, reason ?? ''].filter((text) => text !== '').join(': ')
}

/** What the codec has left out. A node of an older version does not report it. */
function lossesText(counters: Partial<LinkStatus['counters']> | undefined): string {
  const { skippedBytes = 0, droppedFrames = 0 } = counters ?? {}
  return [
    ...(droppedFrames === 0 ? [] : [`damaged frames: ${countText(droppedFrames)}`]),
    ...(skippedBytes === 0 ? [] : [`outside of frames: ${bytesText(skippedBytes)}`]),
  ].join(', ')
}

function nameText({ name, addresses, ageMs, problem }: NodeStatus['names'][number]): string {
  const known =
    ageMs === null ? 'no address yet' : `${addresses.join(', ')}, looked up ${ageText(ageMs)} ago`
  return `${name}: ${known}${problem === null ? '' : `; the last look-up failed: ${problem}`}`
}

/** A node of an older version does not have the key. */
function notListeningText({ notListening = null }: Partial<NodeStatus>): string[] {
  if (notListening === null) return []
  const { host, port, reason, forMs } = notListening
  return [`the listener at ${host}:${String(port)} for ${ageText(forMs)}: ${reason}`]
}

/** What keeps received messages from the program that reads stdout. */
function outputTexts({ output }: NodeStatus): string[] {
  if (output?.state !== 'failing' && output?.state !== 'closed') return []
  const what =
    output.state === 'failing'
      ? 'stdout cannot be written: the node reads no link, and repeats the write every second'
      : `stdout is closed: ${countText(output.discardedMessages)} received messages were discarded`
  return output.reason === null ? [what] : [`${what}: ${output.reason}`]
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
