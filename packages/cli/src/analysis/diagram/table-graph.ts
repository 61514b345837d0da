import {
  addressText,
  type EntryConfig,
  entryPlaces,
  type LinkState,
  type NodeConfig,
} from '@commloop/core'
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
  const peers = new Map<string, Peer>()
  let count = 0
  const arrows = node.entries.map((entry, at) => {
    const addresses = addressesOf(entry)
    // Entries with an address in common are about one peer.
    const keys = addresses.map(addressKey)
    const known = keys.map((key) => peers.get(key)).find((found) => found !== undefined)
    const peer = known ?? { id: `peer${String(count++)}`, addresses: new Map<string, string>() }
    for (const [place, key] of keys.entries()) {
      if (!peers.has(key)) peers.set(key, peer)
      if (!peer.addresses.has(key)) peer.addresses.set(key, addresses[place] ?? '')
    }
    return { at, line: arrow(entry, peer.id, statesOf(entry, report)), entry }
  })
  const listening = node.listeners.map(({ host, port }) => addressText({ ip: host, port }))
  return [
    'flowchart LR',
    `  node[${mermaidLabel(node.name, ...listening)}]`,
    ...[...new Set(peers.values())].map(
      ({ id, addresses }) => `  ${id}([${mermaidLabel(...addresses.values())}])`,
    ),
    ...arrows.map(({ line }) => `  ${line}`),
    ...arrows.flatMap(({ at, entry }) => colour(at, statesOf(entry, report))),
    '',
  ].join('\n')
}

/** A peer in the diagram, with its addresses by their keys. */
interface Peer {
  readonly id: string
  readonly addresses: Map<string, string>
}

function addressesOf(entry: EntryConfig): readonly string[] {
  return entry.role === 'active' ? entry.hosts : entryPlaces(entry)
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
  // The state may come from a foreign socket, and be `constructor`.
  const isKnown = state !== undefined && Object.hasOwn(STATE_COLOURS, state)
  const shade = isKnown ? STATE_COLOURS[state] : undefined
  return shade === undefined ? [] : [`  linkStyle ${String(at)} stroke:${shade}`]
}
