import {
  type AddressPattern,
  addressText,
  BATCH_BYTES_MAX,
  type EntryConfig,
  inDecidingOrder,
  type NodeConfig,
} from '@commloop/core'
import type { LoadedConfig, PluginKind, ResolvedPlugin } from '@commloop/config'
import type { ProcessLimits } from '@commloop/metrics'

/** What a configuration means. The shape of `check --json`: keys are only ever added. */
export interface ConfigExplanation {
  readonly file: string
  readonly node: string
  readonly listen: { readonly host: string; readonly port: number } | null
  readonly entries: readonly EntryExplanation[]
  /** Who may come in, in the order in which they decide: the first line that matches decides alone. */
  readonly accepts: readonly AcceptExplanation[]
  readonly plugins: readonly PluginExplanation[]
  readonly memory: {
    /** All queues full, a frame half received and a write under way on every link. */
    readonly bytesMax: number
    readonly availableBytes: number
  }
  readonly descriptors: {
    readonly max: number
    readonly soft: number | null
    readonly hard: number | null
  }
  readonly warnings: readonly string[]
}

export interface EntryExplanation {
  readonly index: number
  readonly id: string
  readonly role: 'active' | 'passive'
  /** Active: whom we dial. Passive: who may come. */
  readonly address: string
  readonly slots: number
  /** It stands for one peer, and what is queued waits for that peer to come back. */
  readonly lasting: boolean
  readonly enabled: boolean
  readonly links: readonly string[]
}

export interface AcceptExplanation {
  readonly group: AddressPattern['kind']
  readonly pattern: string
  /** Ids of entries, in the order in which their slots are filled. */
  readonly entries: readonly string[]
}

export interface PluginExplanation {
  readonly kind: PluginKind
  readonly name: string
  readonly from: 'file' | 'package' | 'commloop'
  readonly file: string | null
  readonly package: string | null
  readonly version: string | null
  /** Canonical JSON of how it was asked for. */
  readonly spec: string
  /** The entry that has it for itself; null: the node. */
  readonly entry: string | null
}

/** Connections from outside whose handshake is not done. */
const HANDSHAKES_MAX = 64
/** Standard streams, the listener, the control socket, the event loop, files that are read for a moment. */
const RESERVED_DESCRIPTORS = 32

export function explainConfig(config: LoadedConfig, limits: ProcessLimits): ConfigExplanation {
  const { node } = config
  const { memory, descriptors } = ceilings(config, node, limits)
  return {
    file: config.file,
    node: node.name,
    listen: node.listen === undefined ? null : { host: node.listen.host, port: node.listen.port },
    entries: node.entries.map(explainEntry),
    accepts: explainAccepts(node.entries),
    plugins: explainPlugins(config, node),
    memory,
    descriptors,
    warnings: [...config.warnings, ...limitWarnings(memory, descriptors)],
  }
}

function explainEntry(entry: EntryConfig): EntryExplanation {
  return {
    index: entry.index,
    id: entry.id,
    role: entry.role,
    address:
      entry.role === 'active'
        ? addressText({ ip: entry.host, port: entry.port })
        : patternText(entry.pattern),
    slots: entry.linkIds.length,
    lasting: entry.settings.lasting,
    enabled: entry.enabled,
    links: entry.linkIds,
  }
}

function patternText(pattern: AddressPattern): string {
  return pattern.kind === 'anyone' ? 'anyone' : pattern.text
}

function explainAccepts(entries: readonly EntryConfig[]): AcceptExplanation[] {
  return inDecidingOrder(entries).map(({ pattern, entries: deciding }) => ({
    group: pattern.kind,
    pattern: patternText(pattern),
    entries: deciding.map(({ id }) => id),
  }))
}

function explainPlugins(config: LoadedConfig, node: NodeConfig): PluginExplanation[] {
  const { transport, codec, reconnect, router, entries } = config.plugins
  return [
    ...[transport, codec, reconnect, router].map((plugin) => explainPlugin(plugin, null)),
    ...entries.map(({ entry, plugin }) =>
      explainPlugin(plugin, node.entries[entry]?.id ?? String(entry)),
    ),
  ]
}

function explainPlugin(plugin: ResolvedPlugin, entry: string | null): PluginExplanation {
  const { place } = plugin
  return {
    kind: plugin.kind,
    name: plugin.name,
    from: place.from,
    file: place.from === 'commloop' ? null : place.file,
    package: place.from === 'file' ? null : place.package,
    version: place.from === 'file' ? null : (place.version ?? null),
    spec: plugin.spec,
    entry,
  }
}

/** Where the table asks for more than the system grants: what `check` and `run` have to warn of. */
export function ceilingWarnings(config: LoadedConfig, limits: ProcessLimits): string[] {
  const { memory, descriptors } = ceilings(config, config.node, limits)
  return limitWarnings(memory, descriptors)
}

function ceilings(
  config: LoadedConfig,
  node: NodeConfig,
  limits: ProcessLimits,
): Pick<ConfigExplanation, 'memory' | 'descriptors'> {
  return {
    memory: {
      bytesMax: memoryBytesMax(node, config.plugins.codec),
      availableBytes: limits.memoryBytes,
    },
    descriptors: {
      max: descriptorsMax(node),
      soft: limits.descriptorsSoft ?? null,
      hard: limits.descriptorsHard ?? null,
    },
  }
}

function memoryBytesMax(node: NodeConfig, nodeCodec: ResolvedPlugin<'codec'>): number {
  let bytes = node.routingBytesMax
  for (const { settings, linkIds } of node.entries) {
    const codec = settings.codec?.value ?? nodeCodec.value
    const frameBytes = codec.frameBytesMax(codec.payloadBytesMax)
    const writeBytes = Math.max(BATCH_BYTES_MAX, frameBytes)
    bytes += linkIds.length * (settings.outbox.bytesMax + frameBytes + writeBytes)
  }
  return bytes
}

function descriptorsMax(node: NodeConfig): number {
  let connections = 0
  for (const entry of node.entries) {
    connections += entry.linkIds.length
    // Beside a link's own connection there may be one that challenges it.
    if (entry.role === 'passive' && entry.duplicate === 'challenge')
      connections += entry.linkIds.length
  }
  return connections + HANDSHAKES_MAX + RESERVED_DESCRIPTORS
}

function limitWarnings(
  memory: ConfigExplanation['memory'],
  descriptors: ConfigExplanation['descriptors'],
): string[] {
  const warnings: string[] = []
  if (memory.bytesMax > memory.availableBytes) {
    warnings.push('full queues would take more memory than there is: lower "outbox"')
  }
  if (descriptors.soft !== null && descriptors.max > descriptors.soft) {
    warnings.push(
      `the table may need ${String(descriptors.max)} descriptors, and this process may have ` +
        `${String(descriptors.soft)}: raise the limit (ulimit -n)`,
    )
  }
  return warnings
}
