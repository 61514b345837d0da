import {
  type AddressPattern,
  type EntryConfig,
  entryPlaces,
  inDecidingOrder,
  type NodeConfig,
  type PluginKind,
} from '@commloop/core'
import {
  type LoadedConfig,
  nodePlugins,
  type ResolvedPlugin,
  shownSpec,
  tableOf,
} from '@commloop/config'
import type { ProcessLimits } from '@commloop/metrics'
import { ceilings, type Ceilings, ceilingTexts } from './ceilings.js'

/** What a configuration means. The shape of `check --json`: new keys may be added, none are removed. */
export interface ConfigExplanation extends Ceilings {
  readonly file: string
  readonly node: string
  /** The first listener. */
  readonly listen: { readonly host: string; readonly port: number } | null
  readonly listeners: readonly {
    readonly name: string
    readonly host: string
    readonly port: number
  }[]
  readonly entries: readonly EntryExplanation[]
  /** Which peers may connect. The first row that matches an address decides. */
  readonly accepts: readonly AcceptExplanation[]
  readonly plugins: readonly PluginExplanation[]
  readonly warnings: readonly string[]
}

export interface EntryExplanation {
  readonly index: number
  readonly id: string
  readonly role: 'active' | 'passive'
  /** Active: the address that is dialled. Passive: the addresses that may connect. Several are separated by commas. */
  readonly address: string
  readonly slots: number
  /** True if it stands for one peer, so that its queue is kept until that peer connects again. */
  readonly lasting: boolean
  readonly enabled: boolean
  /** The name of the only listener that may fill it; null: every listener, or an active entry. */
  readonly listener: string | null
  readonly links: readonly string[]
  /** The opening that comes before messages; null: none. */
  readonly opening: string | null
}

export interface AcceptExplanation {
  /** The listener whose connections this row decides about; null: the rows are the same for every listener. */
  readonly listener: string | null
  readonly group: AddressPattern['kind']
  readonly pattern: string
  /** Ids of the entries, in the order in which their slots are filled. */
  readonly entries: readonly string[]
}

export interface PluginExplanation {
  readonly kind: PluginKind
  readonly name: string
  readonly from: 'file' | 'package' | 'commloop'
  readonly file: string | null
  readonly package: string | null
  readonly version: string | null
  /** Canonical JSON of name and options, with secrets masked. */
  readonly spec: string
  /** The entry that uses it; null: the node. */
  readonly entry: string | null
}

export function explainConfig(config: LoadedConfig, limits: ProcessLimits): ConfigExplanation {
  const { node } = config
  const limited = ceilings(config, limits)
  const table = tableOf(config)
  return {
    file: config.file,
    node: node.name,
    listen: node.listen === undefined ? null : { host: node.listen.host, port: node.listen.port },
    listeners: node.listeners.map(({ name, host, port }) => ({ name, host, port })),
    entries: node.entries.map((entry) =>
      explainEntry(entry, table.openingOf(entry.index)?.spec.use),
    ),
    accepts: explainAccepts(node),
    plugins: explainPlugins(config, node),
    ...limited,
    warnings: [...config.warnings, ...ceilingTexts(limited)],
  }
}

function explainEntry(entry: EntryConfig, opening: string | undefined): EntryExplanation {
  return {
    index: entry.index,
    id: entry.id,
    role: entry.role,
    address: entryPlaces(entry).join(', '),
    slots: entry.linkIds.length,
    lasting: entry.settings.lasting,
    enabled: entry.enabled,
    listener: entry.role === 'passive' ? (entry.listener ?? null) : null,
    links: entry.linkIds,
    opening: opening ?? null,
  }
}

function patternText(pattern: AddressPattern): string {
  return pattern.kind === 'anyone' ? 'anyone' : pattern.text
}

/** One list of rows for all listeners, unless an entry names one. */
function explainAccepts({ entries, listeners }: NodeConfig): AcceptExplanation[] {
  const differ =
    listeners.length > 1 &&
    entries.some((entry) => entry.role === 'passive' && entry.listener !== undefined)
  if (!differ) return acceptRows(entries, undefined)
  return listeners.flatMap(({ name }) => acceptRows(entries, name))
}

function acceptRows(
  entries: readonly EntryConfig[],
  listener: string | undefined,
): AcceptExplanation[] {
  return inDecidingOrder(entries, listener).map(({ pattern, entries: deciding }) => ({
    listener: listener ?? null,
    group: pattern.kind,
    pattern: patternText(pattern),
    entries: deciding.map(({ id }) => id),
  }))
}

function explainPlugins(config: LoadedConfig, node: NodeConfig): PluginExplanation[] {
  return [
    ...nodePlugins(config.plugins).map((plugin) => explainPlugin(plugin, null)),
    ...config.plugins.entries.map(({ entry, plugin }) =>
      explainPlugin(plugin, node.entries[entry]?.id ?? String(entry)),
    ),
  ]
}

function explainPlugin(plugin: ResolvedPlugin, entry: string | null): PluginExplanation {
  const { origin } = plugin
  return {
    kind: plugin.kind,
    name: plugin.name,
    from: origin.from,
    file: origin.from === 'commloop' ? null : origin.file,
    package: origin.from === 'file' ? null : origin.package,
    version: origin.from === 'file' ? null : (origin.version ?? null),
    spec: shownSpec({ use: plugin.name, options: plugin.options }),
    entry,
  }
}
