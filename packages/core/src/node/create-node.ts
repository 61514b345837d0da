import type { NodeOptions } from '../config/node-options.js'
import { NodeConfig } from '../config/node-config.js'
import { resolveConfig } from '../config/resolve-config.js'
import { Clock } from '../contracts/clock.js'
import { FrameCodec } from '../contracts/frame-codec.js'
import { Logger } from '../contracts/logger.js'
import { OutboxStore } from '../contracts/outbox.js'
import { Random } from '../contracts/random.js'
import { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { SendRouter } from '../contracts/send-router.js'
import { Transport } from '../contracts/transport.js'
import { container, type DependencyContainer, type InjectionToken, Lifecycle } from '../di.js'
import { CommloopError } from '../contracts/errors.js'
import { MemoryOutboxStore } from '../outbox/memory-outbox.js'
import { ExponentialBackoff } from '../reconnect/exponential-backoff.js'
import { DirectRouter } from '../routing/direct-router.js'
import { SilentLogger } from '../runtime/silent-logger.js'
import { SystemClock } from '../runtime/system-clock.js'
import { SystemRandom } from '../runtime/system-random.js'
import { Node } from './node.js'

/** Registers implementations on a node's own container. What is registered last counts. */
export type Plugin = (scope: DependencyContainer) => void

/** What has no default, with what a user gives to have it. */
const REQUIRED: readonly {
  readonly token: InjectionToken
  readonly contract: string
  readonly remedy: string
}[] = [
  { token: Transport, contract: 'Transport', remedy: 'pass tcpTransport(), or set "transport"' },
  { token: FrameCodec, contract: 'FrameCodec', remedy: 'pass len16Codec(), or set "codec"' },
]

/**
 * Makes a node from its options, or from the configuration that they resolved to, and plugins. The composition root: the one place that knows the container. Two nodes
 * of one process share nothing.
 * @throws CommloopError CML_ERR_CONFIG_INVALID naming every mistake; CML_ERR_PLUGIN_MISSING naming the contract that
 * nobody implements.
 */
export function createNode(options: NodeOptions | NodeConfig, ...plugins: readonly Plugin[]): Node {
  const scope = container.createChildContainer()
  scope.register(NodeConfig, { useValue: resolveConfig(options) })
  const singleton = { lifecycle: Lifecycle.Singleton }
  scope.register(Clock, { useClass: SystemClock }, singleton)
  scope.register(Random, { useClass: SystemRandom }, singleton)
  scope.register(Logger, { useClass: SilentLogger }, singleton)
  scope.register(OutboxStore, { useClass: MemoryOutboxStore }, singleton)
  scope.register(ReconnectStrategy, { useFactory: () => new ExponentialBackoff() })
  scope.register(SendRouter, { useClass: DirectRouter }, singleton)
  for (const plugin of plugins) plugin(scope)
  for (const { token, contract, remedy } of REQUIRED) {
    if (scope.isRegistered(token)) continue
    const text = `no plugin implements ${contract}: ${remedy}`
    throw new CommloopError('CML_ERR_PLUGIN_MISSING', text)
  }
  return scope.resolve(Node)
}

/** A plugin that puts one implementation in a contract's place. */
export function use<Contract>(token: InjectionToken<Contract>, value: Contract): Plugin {
  return (scope) => {
    scope.register(token, { useValue: value })
  }
}

/** A router for a node: any object with `route`, no decorator needed. */
export function useRouter(router: SendRouter): Plugin {
  return use(SendRouter, router)
}
