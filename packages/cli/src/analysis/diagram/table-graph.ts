import { addressText, type EntryConfig, type LinkState, type NodeConfig } from '@commloop/core'
import type { NodeReport } from '../../running-node/node-report.js'
import { addressKey } from '../compatibility/address-key.js'
import { mermaidLabel } from './mermaid-text.js'

/** Colours of a traffic light. States without a colour are not listed. */
const STATE_COLOURS: Partial<Record<LinkState, string>> = {
  up: '#2e7d32',
  dialing: '#f9a825',
  backoff: '#f9a825',
  awaiting: '#f9a825',
  exhausted: '#c62828',
}

/**
 * A table as a Mermaid flow chart: the node, its peers, and an arrow for each entry, from the side that dials to the side
 * that waits. With a report of the running node, each arrow has the colour of its links' state.
 */
export function tableGraph(node: NodeConfig, report: NodeReport | undefined): string {
  const peers = new Map<string, { readonly id: string; readonly label: string }>()
  const arrows = node.entries.map((entry, at) => {
    const address = addressOf(entry)
    const key = addressKey(address)
    const peer = peers.get(key) ?? { id: `peer${String(peers.size)}`, label: mermaidLabel(address) }
    peers.set(key, peer)
    return { at, line: arrow(entry, peer.id, statesOf(entry, report)), entry }
  })
  const listening = node.listeners.map(({ host, port }) => addressText({ ip: host, port }))
  return [
    'flowchart LR',
    `  node[${mermaidLabel(node.name, ...listening)}]`,
    ...[...peers.values()].map(({ id, label }) => `  ${id}([${label}])`),
    ...arrows.map(({ line }) => `  ${line}`),
    ...arrows.flatMap(({ at, entry }) => colour(at, statesOf(entry, report))),
    '',
  ].join('\n')
}

function addressOf(entry: EntryConfig): string {
  if (entry.role === 'active') return entry.host
  return entry.pattern.kind === 'anyone' ? 'anyone' : entry.pattern.text
}

function arrow(entry: EntryConfig, peer: string, states: ReadonlyMap<LinkState, number>): string {
  const slots = entry.linkIds.length
  const label = mermaidLabel(
    entry.id,
    ...(entry.role === 'active' ? [`port ${String(entry.port)}`] : []),
    ...(slots > 1 ? [`${String(slots)} slots`] : []),
    ...(entry.enabled ? [] : ['disabled']),
    ...[...states].map(([state, count]) => (slots > 1 ? `${String(count)} ${state}` : state)),
  )
  // A dotted arrow: the entry is disabled.
  const line = entry.enabled ? '-->' : '-.->'
  return entry.role === 'active'
    ? `node ${line}|${label}| ${peer}`
    : `${peer} ${line}|${label}| node`
}

function statesOf(entry: EntryConfig, report: NodeReport | undefined): Map<LinkState, number> {
  const states = new Map<LinkState, number>()
  for (const { entry: of, state } of report?.links ?? []) {
    if (of === entry.id) states.set(state, (states.get(state) ?? 0) + 1)
  }
  return states
}

/** An entry with several links is green if one of them is up. */
function colour(at: number, states: ReadonlyMap<LinkState, number>): string[] {
  const [first] = states.keys()
  const state = states.has('up') ? 'up' : first
  const shade = state === undefined ? undefined : STATE_COLOURS[state]
  return shade === undefined ? [] : [`  linkStyle ${String(at)} stroke:${shade}`]
}
