import type { NodeConfig } from '../config/node-config.js'
import { sameValue } from '../config/same-value.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import type { SendRouter } from '../contracts/send-router.js'
import type { LinkDefaults } from '../link/link-factory.js'
import type { Link } from '../link/link.js'

/** Plugins that replace those of the node. An absent plugin stays. Plugins are compared by identity. */
export interface NewPlugins {
  readonly codec?: FrameCodec
  readonly reconnect?: ReconnectStrategy
  readonly router?: SendRouter
}

/** The result of a reconfiguration. Each link's id is in one of the lists. */
export interface Reconfiguration {
  /** New links. A link that changes its role is removed and added, hence in two lists. */
  readonly added: readonly string[]
  /** Links that the table no longer has. A link that is up writes its queue and then ends. */
  readonly removed: readonly string[]
  /** Links that connect or dial again. Their queues stay. */
  readonly reconnected: readonly string[]
  /** Links that changed in place. Their connections stay. */
  readonly changed: readonly string[]
  /** Links that did not change. */
  readonly unchanged: readonly string[]
  /** Changed keys of the node as a whole; `links` if the order of links has changed. */
  readonly node: readonly string[]
}

/** The top-level keys, with the parts of the configuration that they set. Without `listen`, which has its own rule. */
const NODE_KEYS = {
  probes: ['probes'],
  relay: ['relay'],
  audit: ['auditEveryMs', 'auditGraceMs'],
  routing: ['routingMessagesMax', 'routingBytesMax'],
  routerTimeout: ['routerTimeoutMs'],
  deferMax: ['deferMsMax'],
  iterator: ['iteratorMessagesMax', 'iteratorBytesMax'],
  dials: ['dialsMax'],
  stopDeadline: ['stopDeadlineMs'],
  resolveEvery: ['resolveEveryMs'],
} as const satisfies Readonly<Record<string, readonly (keyof NodeConfig)[]>>

/** What belongs to the node as a whole and may change while it runs. */
export interface NodeSetup extends LinkDefaults {
  readonly config: NodeConfig
  readonly router: SendRouter
}

export function changedNodeKeys(before: NodeSetup, after: NodeSetup): string[] {
  const same = (key: keyof NodeConfig): boolean => sameValue(before.config[key], after.config[key])
  const keys = Object.entries(NODE_KEYS).filter(([, names]) => !names.every(same))
  const changed = keys.map(([key]) => key)
  if (before.codec !== after.codec) changed.push('codec')
  if (before.strategy !== after.strategy) changed.push('reconnect')
  if (before.router !== after.router) changed.push('router')
  return changed
}

/** Whether the links that are in both lists have another order in the second. */
export function isReordered(before: readonly Link[], after: readonly Link[]): boolean {
  const inBefore = new Set(before)
  const inAfter = new Set(after)
  const kept = before.filter((link) => inAfter.has(link))
  return after.filter((link) => inBefore.has(link)).some((link, at) => link !== kept[at])
}
