import type { NodeConfig } from '../config/node-config.js'
import { sameValue } from '../config/same-value.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import type { SendRouter } from '../contracts/send-router.js'
import type { LinkDefaults } from '../link/link-factory.js'
import type { Link } from '../link/link.js'

/** What a node is given in place of what it has; what is left out stays. Compared as objects. */
export interface NewPlugins {
  readonly codec?: FrameCodec
  readonly reconnect?: ReconnectStrategy
  readonly router?: SendRouter
}

/** What a change of a running node came to. Links by their ids, each in one of the lists. */
export interface Reconfiguration {
  /** Not there before. A link of the same id and the other role is removed and added, hence in two lists. */
  readonly added: readonly string[]
  /** Not there any more: what is queued is written, if it is up, and then it ends. */
  readonly removed: readonly string[]
  /** Its connection, or its dial, is made anew; the queue stays. */
  readonly reconnected: readonly string[]
  /** Changed in place: the connection goes on. */
  readonly changed: readonly string[]
  /** Nothing was done about it. */
  readonly unchanged: readonly string[]
  /** Keys for the node as a whole that say something else than before; `links` where their order does. */
  readonly node: readonly string[]
}

/** The keys at the top, and what of the configuration each of them says; `listen` apart, which may begin anew. */
const NODE_KEYS = {
  relay: ['relay'],
  audit: ['auditEveryMs', 'auditGraceMs'],
  routing: ['routingMessagesMax', 'routingBytesMax'],
  routerTimeout: ['routerTimeoutMs'],
  deferMax: ['deferMsMax'],
  iterator: ['iteratorMessagesMax', 'iteratorBytesMax'],
  dials: ['dialsMax'],
  stopDeadline: ['stopDeadlineMs'],
} as const satisfies Readonly<Record<string, readonly (keyof NodeConfig)[]>>

/** Everything that belongs to the node as a whole and may change while it runs. */
export interface NodeSetup extends LinkDefaults {
  readonly config: NodeConfig
  readonly router: SendRouter
}

export function changedNodeKeys(before: NodeSetup, after: NodeSetup): string[] {
  const says = (key: keyof NodeConfig): boolean => sameValue(before.config[key], after.config[key])
  const keys = Object.entries(NODE_KEYS).filter(([, names]) => !names.every(says))
  const changed = keys.map(([key]) => key)
  if (before.codec !== after.codec) changed.push('codec')
  if (before.strategy !== after.strategy) changed.push('reconnect')
  if (before.router !== after.router) changed.push('router')
  return changed
}

/** Whether links that are in both lists follow one another in another order. */
export function isReordered(before: readonly Link[], after: readonly Link[]): boolean {
  const inBefore = new Set(before)
  const inAfter = new Set(after)
  const kept = before.filter((link) => inAfter.has(link))
  return after.filter((link) => inBefore.has(link)).some((link, at) => link !== kept[at])
}
