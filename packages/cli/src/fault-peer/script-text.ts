import {
  FAULT_SCRIPTS,
  type FaultEvent,
  type FaultReport,
  type FaultScript,
} from '@commloop/fault-peer'
import { visibleText } from '@commloop/core'
import { tableBlock } from '../terminal/table.js'
import type { EntryUnderTest } from './entry-under-test.js'
import { type PeerAddress, peerAddressText } from './peer-address.js'

/** The result of one script. The shape of `--json`: keys are only ever added. */
export interface PlayedScript {
  readonly script: FaultScript
  readonly events: readonly FaultEvent[]
  readonly report: FaultReport
}

export function listText(): string {
  return FAULT_SCRIPTS.map(
    ({ name, roles, peer, node }) =>
      `${name} (${roles.join(', ')})\n  the peer ${peer}\n  a good node ${node}\n`,
  ).join('\n')
}

export function headText({ config, node, entry }: EntryUnderTest, place: PeerAddress): string {
  return tableBlock([
    ['node', `${node.name}, entry ${entry.id} (${entry.role}), of ${config.name}`],
    ['peer', peerAddressText(place)],
  ])
}

export function scriptText({ name, peer, node }: FaultScript): string {
  return `\n${name}\n  the peer ${peer}\n  a good node ${node}\n`
}

export function eventText({ atMs, by, text }: FaultEvent): string {
  return `  ${String(atMs).padStart(7)} ms  ${by}  ${visibleText(text)}\n`
}

export function verdictText({ held, failure, connections }: FaultReport): string {
  const sum = (pick: (one: (typeof connections)[number]) => number): string =>
    String(connections.reduce((total, one) => total + pick(one), 0))
  const frames = sum(({ receivedFrames }) => receivedFrames)
  const bytes = sum(({ receivedBytes }) => receivedBytes)
  const seen = `the node sent ${frames} frames, ${bytes} bytes, over ${String(connections.length)} connections`
  return `  ${held ? 'held' : `NOT HELD: ${visibleText(failure ?? '')}`}; ${seen}\n`
}

export function sumText(played: readonly PlayedScript[]): string {
  const failed = played.filter(({ report }) => !report.held)
  const names = failed.map(({ script }) => script.name).join(', ')
  const held = `${String(played.length - failed.length)} of ${String(played.length)} held`
  return `\n${held}${failed.length === 0 ? '' : `; not held: ${names}`}\n`
}

export function listJson(): object[] {
  return FAULT_SCRIPTS.map(({ name, roles, peer, node }) => ({ name, roles, peer, node }))
}

export function resultJson(
  { config, node, entry }: EntryUnderTest,
  place: PeerAddress,
  played: readonly PlayedScript[],
): object {
  return {
    file: config.file,
    node: node.name,
    entry: entry.id,
    role: entry.role,
    place,
    held: played.every(({ report }) => report.held),
    scripts: played.map(({ script, events, report }) => ({
      name: script.name,
      expected: script.node,
      ...report,
      failure: report.failure ?? null,
      connections: report.connections.map(({ payloads, end, endedMs, ...connection }) => ({
        ...connection,
        end: end ?? null,
        endedMs: endedMs ?? null,
        payloads: payloads.map((payload) => payload.toString('base64')),
      })),
      events,
    })),
  }
}
