import {
  type EntryConfig,
  inDecidingOrder,
  listenersOf,
  nearest,
  type NodeConfig,
  type ReconnectStrategy,
} from '@commloop/core'
import { type LinkTerms, linkTerms, type WireShape } from '@commloop/fault-peer'
import { type LoadedConfig, originText, type ResolvedPlugin } from '@commloop/config'
import { UsageError } from '../command-line/usage-error.js'
import { wireShapeOf } from './wire-shape-of.js'

/** The entry of the node's table whose peer the command plays. */
export interface EntryUnderTest {
  readonly config: LoadedConfig
  readonly node: NodeConfig
  readonly entry: EntryConfig
  readonly terms: LinkTerms
}

/** @throws UsageError if there is no such entry, or if its codec or transport is not supported by the fault peer. */
export function entryUnderTest(config: LoadedConfig, id: string | undefined): EntryUnderTest {
  const { node } = config
  const entry = chosenEntry(node.entries, id)
  if (!entry.enabled)
    throw new UsageError(`entry ${entry.id} is not enabled: its node does nothing`)
  rejectTransportOptions(node, entry)
  const own = config.plugins.entries.filter((plugin) => plugin.entry === entry.index)
  const codec = own.find(({ plugin }) => plugin.kind === 'codec')?.plugin ?? config.plugins.codec
  const strategy =
    own.find(({ plugin }) => plugin.kind === 'reconnect')?.plugin ?? config.plugins.reconnect
  const terms = linkTerms(entry, {
    shape: shapeOf(codec as ResolvedPlugin<'codec'>),
    redialMsMin: redialMsMin(strategy.value as ReconnectStrategy),
  })
  return { config, node, entry, terms: { ...terms, slots: slotsOf(node, entry) } }
}

function chosenEntry(entries: readonly EntryConfig[], id: string | undefined): EntryConfig {
  const [only] = entries
  const chosen = id === undefined ? only : entries.find((entry) => entry.id === id)
  const ids = entries.map((entry) => entry.id)
  if (id === undefined && entries.length !== 1) {
    throw new UsageError(
      `--entry: the table has ${String(ids.length)}, name one: ${ids.join(', ')}`,
    )
  }
  if (chosen !== undefined) return chosen
  const meant = nearest(id ?? '', ids)
  const guess = meant === undefined ? `; there are ${ids.join(', ')}` : ` (did you mean ${meant}?)`
  throw new UsageError(`--entry: there is no entry "${id ?? ''}"${guess}`)
}

/** Options of the transport, such as `tls`, change what is on the wire, and the fault peer uses plain TCP. */
function rejectTransportOptions(node: NodeConfig, entry: EntryConfig): void {
  const options =
    entry.role === 'active' ? entry.transportOptions : listenersOf(node, entry)[0]?.transportOptions
  const names = Object.keys(options ?? {})
  if (names.length === 0) return
  const list = names.join(', ')
  throw new UsageError(`entry ${entry.id} uses ${list}, and the fault peer speaks plain TCP only`)
}

/** Connections fill the entries of an address one after the other, so the slots of these entries count together. */
function slotsOf(node: NodeConfig, entry: EntryConfig): number {
  if (entry.role === 'active') return 1
  const rule = inDecidingOrder(node.entries, entry.listener).find(({ entries }) =>
    entries.includes(entry),
  )
  return (rule?.entries ?? []).reduce((sum, { linkIds }) => sum + linkIds.length, 0)
}

function shapeOf({ value, origin }: ResolvedPlugin<'codec'>): WireShape {
  const shape = wireShapeOf(value)
  if (shape !== undefined) return shape
  throw new UsageError(
    `the fault peer speaks only frames with a two-byte length; this codec is ${originText(origin)}`,
  )
}

/** The shortest delay before the second dial. */
function redialMsMin(strategy: ReconnectStrategy): number {
  return Math.max(0, strategy.delayMs(2, { next: () => 0 }) ?? 0)
}
