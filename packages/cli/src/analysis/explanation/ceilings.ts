import { BATCH_BYTES_MAX, type NodeConfig } from '@commloop/core'
import { allPlugins, descriptorsOf, type LoadedConfig, type ResolvedPlugin } from '@commloop/config'
import type { ProcessLimits } from '@commloop/metrics'

/** The most memory and descriptors that a node may need, and what the system grants. */
export interface Ceilings {
  readonly memory: {
    /** Sum for all links: full queues, one frame that is partly received, and one unfinished write. */
    readonly bytesMax: number
    readonly availableBytes: number
  }
  readonly descriptors: {
    readonly max: number
    readonly soft: number | null
    readonly hard: number | null
  }
}

/** Standard streams, the first listener, the control socket, the event loop, and files that are open for a moment. */
const RESERVED_DESCRIPTORS = 32

/** @throws CommloopError CML_ERR_PLUGIN_INVALID if a plugin does not say how many descriptors it may hold */
export function ceilings(config: LoadedConfig, limits: ProcessLimits): Ceilings {
  const { node, plugins } = config
  return {
    memory: {
      bytesMax: memoryBytesMax(node, plugins.codec),
      availableBytes: limits.memoryBytes,
    },
    descriptors: {
      max:
        connectionsMax(node) +
        descriptorsOf(allPlugins(plugins)) +
        furtherListeners(node, plugins.transport) +
        RESERVED_DESCRIPTORS,
      soft: limits.descriptorsSoft ?? null,
      hard: limits.descriptorsHard ?? null,
    },
  }
}

/** What the listeners after the first add: each has a socket, and its own handshakes. */
function furtherListeners(
  { listeners }: NodeConfig,
  transport: ResolvedPlugin<'transport'>,
): number {
  return Math.max(0, listeners.length - 1) * (1 + descriptorsOf([transport]))
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

function connectionsMax(node: NodeConfig): number {
  let connections = 0
  for (const entry of node.entries) {
    connections += entry.linkIds.length
    // A link may have a second connection while the second one challenges the first.
    if (entry.role === 'passive' && entry.duplicate === 'challenge')
      connections += entry.linkIds.length
  }
  return connections
}

/** The warnings of `check` and `run` if the table needs more than the system grants. */
export function ceilingWarnings(config: LoadedConfig, limits: ProcessLimits): string[] {
  return ceilingTexts(ceilings(config, limits))
}

export function ceilingTexts({ memory, descriptors }: Ceilings): string[] {
  const warnings: string[] = []
  if (memory.bytesMax > memory.availableBytes) {
    warnings.push('full queues would need more memory than the machine has: lower "outbox"')
  }
  if (descriptors.soft !== null && descriptors.max > descriptors.soft) {
    warnings.push(
      `the table may need ${String(descriptors.max)} descriptors, and this process may open ` +
        `${String(descriptors.soft)}: raise the limit (ulimit -n)`,
    )
  }
  return warnings
}
