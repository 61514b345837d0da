import { AcceptGroups } from '../accept/accept-groups.js'
import { PeerNames } from '../accept/peer-names.js'
import { Acceptor } from '../accept/acceptor.js'
import { Listening } from '../accept/listening.js'
import { Rejections } from '../accept/rejections.js'
import { Audit } from '../audit/audit.js'
import type { NodeOptions } from '../config/node-options.js'
import { NodeConfig } from '../config/node-config.js'
import { problemsError, resolveConfig } from '../config/resolve-config.js'
import { Clock } from '../contracts/clock.js'
import { FrameCodec } from '../contracts/frame-codec.js'
import { Logger } from '../contracts/logger.js'
import { OutboxStore } from '../contracts/outbox.js'
import { Random } from '../contracts/random.js'
import { reasonFields } from '../contracts/reason.js'
import { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { SendRouter } from '../contracts/send-router.js'
import { Transport } from '../contracts/transport.js'
import { container, type DependencyContainer, type InjectionToken, Lifecycle } from '../di.js'
import { CommloopError } from '../contracts/errors.js'
import { EventHub } from '../events/event-hub.js'
import { GuardedLogger } from '../events/guarded-logger.js'
import { NodeLog } from '../events/node-log.js'
import { OutcomeReporter } from '../events/outcome-reporter.js'
import { Warnings } from '../events/warnings.js'
import { NodeTally } from '../ledger/node-counters.js'
import { LinkFactory } from '../link/link-factory.js'
import { MemoryOutboxStore } from '../outbox/memory-outbox.js'
import { Inbox } from '../receive/inbox.js'
import { ExponentialBackoff } from '../reconnect/exponential-backoff.js'
import { DirectRouter } from '../routing/direct-router.js'
import { Dispatch } from '../routing/dispatch.js'
import { Requests, type RequestServices } from '../routing/requests.js'
import { SilentLogger } from '../runtime/silent-logger.js'
import { SystemClock } from '../runtime/system-clock.js'
import { SystemRandom } from '../runtime/system-random.js'
import { LinkReports } from './link-reports.js'
import { Node } from './node.js'
import { NodeLinks } from './node-links.js'
import { NodeServices } from './node-services.js'
import { NodeState } from './node-state.js'
import { heartbeatProblems, specsOf, unusableCodec } from './reconfiguration-plan.js'
import { auditOptions, dispatchSetup, Reconfigurer, streamLimits } from './reconfigurer.js'
import { Settling } from './settling.js'
import { Starting } from './starting.js'
import { Stopping } from './stopping.js'

/** Registers implementations on the container of one node. The last registration of a contract counts. */
export type NodePart = (scope: DependencyContainer) => void

/** The former name of `NodePart`. A plugin that a configuration can name is a `PluginDefinition`. */
export type Plugin = NodePart

/** Contracts without a default, and what to do if there is no implementation. */
const REQUIRED: readonly {
  readonly token: InjectionToken
  readonly contract: string
  readonly remedy: string
}[] = [
  { token: Transport, contract: 'Transport', remedy: 'pass tcpTransport(), or set "transport"' },
  { token: FrameCodec, contract: 'FrameCodec', remedy: 'pass len16Codec(), or set "codec"' },
]

/**
 * Makes a node from its options, or from the configuration that they were resolved to, and its plugins. This is the
 * composition root: no other code uses the container or makes the parts of a node. Two nodes in one process share
 * nothing.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every mistake; CML_ERR_PLUGIN_MISSING with the contract that no
 * plugin implements; CML_ERR_PLUGIN_INVALID if the sizes of a codec are invalid.
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
  return composed(scope.resolve(NodeServices))
}

/** The parts that report: events, log lines, and the counts of both. */
function reporting({ clock, logger: injected }: NodeServices, tally: NodeTally): Reporting {
  const logger = new GuardedLogger(injected, (cause) => {
    tally.lostLogLines++
    warnings.loggerThrew(cause)
  })
  const events = new EventHub((name, cause) => {
    warnings.listenerThrew(name, cause)
  })
  const warnings = new Warnings(clock, logger, (warning) => {
    events.emit('warning', warning)
  })
  const rejections = new Rejections(clock, (remote, reason, count) => {
    const fields = reasonFields(reason)
    logger.warn({ remote, ...fields, count }, 'connection refused')
    events.emit('rejected', { remote, ...fields, count })
  })
  const log = new NodeLog(clock, logger)
  const outcomes = new OutcomeReporter(clock, events)
  return { logger, events, warnings, rejections, log, outcomes }
}

interface Reporting {
  /** The node's only way to log: safe, whatever the injected logger does. */
  readonly logger: Logger
  readonly events: EventHub
  readonly warnings: Warnings
  readonly rejections: Rejections
  readonly log: NodeLog
  readonly outcomes: OutcomeReporter
}

/** @throws CommloopError CML_ERR_CONFIG_INVALID, CML_ERR_PLUGIN_INVALID */
function stateOf({ config, codec, strategy, router }: NodeServices): NodeState {
  const setup = { config, codec, strategy, router }
  const specs = specsOf(config.entries, setup, new Map())
  const problem = unusableCodec(specs) ?? problemsError(heartbeatProblems(specs))
  if (problem !== undefined) throw problem
  return new NodeState(setup, specs)
}

/**
 * Makes every part without links, because links report to the parts. The table comes last and makes the links; the
 * parts then get it in the same way as from a reconfiguration.
 */
function composed(services: NodeServices): Node {
  const { config, clock, random, transport, store } = services
  const state = stateOf(services)
  const tally = new NodeTally()
  const { logger, events, warnings, rejections, log, outcomes } = reporting(services, tally)
  const links = new NodeLinks(clock)
  const inbox = new Inbox(streamLimits(config))
  const dispatch = new Dispatch(dispatchSetup(state, links), {
    clock,
    tally,
    events,
    outcomes,
    warnings,
    settled: () => {
      settling.check()
      stopping.routed()
    },
  })
  const requests = requestsOf(state, links, dispatch, { clock, warnings })
  const settling = new Settling(clock, dispatch, links)
  const acceptor = new Acceptor(new AcceptGroups([]), clock, rejections)
  const changed = (): void => {
    reconfigurer.regroup()
  }
  const names = new PeerNames({ transport, clock, logger, warnings, changed })
  const audit = new Audit([], rejections, clock, auditOptions(config), (findings) => {
    log.found(findings)
    events.emit('audit', { findings })
  })
  const listening = new Listening(transport, clock, acceptor, warnings, (listener, at) => {
    starting.listening(listener, at)
  })
  const starting = new Starting(state, links, names, audit, listening, logger)
  const reporters = [rejections, outcomes, warnings, log, inbox, requests]
  const accepting = { acceptor, names, listening, rejections }
  const parts = { state, tally, links, dispatch, requests, audit, starting, ...accepting }
  const stopping = new Stopping({ ...parts, clock, logger, reporters })
  const reports = { ...parts, events, outcomes, warnings, log, inbox, settling, stopping }
  const listener = new LinkReports(reports)
  const factory = new LinkFactory(config.dialsMax, { clock, random, transport, store, listener })
  const reconfigurer = new Reconfigurer({ ...parts, clock, factory, inbox })
  reconfigurer.makeFirstTable()
  return new Node({ ...parts, clock, events, inbox, reconfigurer, settling, stopping })
}

function requestsOf(
  state: NodeState,
  links: NodeLinks,
  dispatch: Dispatch,
  services: Pick<RequestServices, 'clock' | 'warnings'>,
): Requests {
  return new Requests({
    ...services,
    links,
    send: (payload, options) => dispatch.send(payload, options),
    limits: () => {
      const { routingMessagesMax, routingBytesMax } = state.setup.config
      return { messagesMax: routingMessagesMax, bytesMax: routingBytesMax }
    },
  })
}

/** A plugin that registers one implementation of a contract. */
export function use<Contract>(token: InjectionToken<Contract>, value: Contract): Plugin {
  return (scope) => {
    scope.register(token, { useValue: value })
  }
}

/** A router for a node: any object with `route`, no decorator needed. */
export function useRouter(router: SendRouter): Plugin {
  return use(SendRouter, router)
}
