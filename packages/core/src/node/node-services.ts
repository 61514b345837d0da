import { NodeConfig } from '../config/node-config.js'
import { Clock } from '../contracts/clock.js'
import { FrameCodec } from '../contracts/frame-codec.js'
import { Logger } from '../contracts/logger.js'
import { OutboxStore } from '../contracts/outbox.js'
import { Random } from '../contracts/random.js'
import { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { SendRouter } from '../contracts/send-router.js'
import { Transport } from '../contracts/transport.js'
import { inject, injectable } from '../di.js'

/** One implementation of each contract, as the node's container provides them. */
@injectable()
export class NodeServices {
  readonly config: NodeConfig
  readonly transport: Transport
  readonly codec: FrameCodec
  readonly strategy: ReconnectStrategy
  readonly router: SendRouter
  readonly store: OutboxStore
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger

  constructor(
    @inject(NodeConfig) config: NodeConfig,
    @inject(Transport) transport: Transport,
    @inject(FrameCodec) codec: FrameCodec,
    @inject(ReconnectStrategy) strategy: ReconnectStrategy,
    @inject(SendRouter) router: SendRouter,
    @inject(OutboxStore) store: OutboxStore,
    @inject(Clock) clock: Clock,
    @inject(Random) random: Random,
    @inject(Logger) logger: Logger,
  ) {
    this.config = config
    this.transport = transport
    this.codec = codec
    this.strategy = strategy
    this.router = router
    this.store = store
    this.clock = clock
    this.random = random
    this.logger = logger
  }
}
