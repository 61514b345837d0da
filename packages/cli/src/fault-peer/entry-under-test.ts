import {
  type EntryConfig,
  inDecidingOrder,
  nearest,
  type NodeConfig,
  type ReconnectStrategy,
  sizeBytes,
} from '@commloop/core'
import { type LinkTerms, linkTerms, DEFAULT_SHAPE, type WireShape } from '@commloop/fault-peer'
import { type LoadedConfig, placeText, type ResolvedPlugin } from '@commloop/config'
import { UsageError } from '../command-line/usage-error.js'

/** An entry of the node's table whose peer is to be played. */
export interface EntryUnderTest {
  readonly config: LoadedConfig
  readonly node: NodeConfig
  readonly entry: EntryConfig
  readonly terms: LinkTerms
}

/** @throws UsageError where there is no such entry, or where it speaks what the fault peer does not. */
export function entryUnderTest(config: LoadedConfig, id: string | undefined): EntryUnderTest {
  const { node } = config
  const entry = chosenEntry(node.entries, id)
  if (!entry.enabled)
    throw new UsageError(`entry ${entry.id} is not enabled: its node does nothing`)
  refuseTls(node, entry)
  const own = config.plugins.entries.filter((plugin) => plugin.entry === entry.index)
  const codec = own.find(({ plugin }) => plugin.kind === 'codec')?.plugin ?? config.plugins.codec
  const strategy =
    own.find(({ plugin }) => plugin.kind === 'reconnect')?.plugin ?? config.plugins.reconnect
  const terms = linkTerms(entry, {
    shape: shapeOf(codec),
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

function refuseTls(node: NodeConfig, entry: EntryConfig): void {
  const options = entry.role === 'active' ? entry.transportOptions : node.listen?.transportOptions
  if (options?.['tls'] === undefined) return
  throw new UsageError(`entry ${entry.id} speaks TLS, which the fault peer does not`)
}

/** Entries of the same address are filled one after the other: their slots are one row for whoever comes. */
function slotsOf(node: NodeConfig, entry: EntryConfig): number {
  if (entry.role === 'active') return 1
  const rule = inDecidingOrder(node.entries).find(({ entries }) => entries.includes(entry))
  return (rule?.entries ?? []).reduce((sum, { linkIds }) => sum + linkIds.length, 0)
}

/** The fault peer makes its frames by hand, so that it can make wrong ones: only those of `len16`. */
function shapeOf(codec: ResolvedPlugin): WireShape {
  if (codec.place.from === 'file' || codec.place.package !== '@commloop/codec-len16') {
    throw new UsageError(
      `the fault peer speaks two-byte lengths (codec len16); this is ${placeText(codec.place)}`,
    )
  }
  // Checked when the codec was made.
  const options = JSON.parse(codec.spec) as Partial<WireShape> & { maxPayload?: number | string }
  const { byteOrder, lengthIncludesHeader = false, emptyFrames, maxPayload } = options
  const largest = DEFAULT_SHAPE.payloadBytesMax - (lengthIncludesHeader ? 2 : 0)
  return {
    byteOrder: byteOrder ?? DEFAULT_SHAPE.byteOrder,
    lengthIncludesHeader,
    emptyFrames: emptyFrames ?? DEFAULT_SHAPE.emptyFrames,
    payloadBytesMax: maxPayload === undefined ? largest : (sizeBytes(maxPayload) ?? largest),
  }
}

/** What the strategy answers at the least, before the second dial. */
function redialMsMin(strategy: ReconnectStrategy): number {
  return Math.max(0, strategy.delayMs(2, { next: () => 0 }) ?? 0)
}
