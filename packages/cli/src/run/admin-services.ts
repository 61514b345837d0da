import type { Logger, Node } from '@commloop/core'
import type { LoadedConfig, MetricsPlace } from '@commloop/config'
import type { ControlServer, MetricsServer, NodeFacts } from '@commloop/control'
import { DiagnosticChannels, type EventLoopDelay } from '@commloop/metrics'
import type { Service } from './service.js'

export interface AdminServicesOptions {
  readonly facts: NodeFacts
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logger: Logger
  /** The largest payload that any link takes now. */
  readonly payloadBytesMax: () => number
  /**
   * Reads the configuration again and touches what changed; resolves with what was done. Rejects with a CommloopError
   * where nothing was changed.
   */
  readonly reload: () => Promise<object>
}

/**
 * Whatever lets people look at a running node and act on it: the control socket, metrics by TCP, diagnostic channels.
 * It is loaded when the node has started, and what of it cannot be had is a warning: traffic matters more.
 */
export class AdminServices implements Service {
  readonly #node: Node
  readonly #config: LoadedConfig
  readonly #options: AdminServicesOptions
  readonly #channels: DiagnosticChannels
  #opening: Promise<void> = Promise.resolve()
  /** The node has stopped, perhaps before all was open: nothing more is begun, and nothing told. */
  #isClosing = false
  #delay: EventLoopDelay | undefined
  #control: ControlServer | undefined
  #metrics: MetricsServer | undefined

  constructor(node: Node, config: LoadedConfig, options: AdminServicesOptions) {
    this.#node = node
    this.#config = config
    this.#options = options
    this.#channels = new DiagnosticChannels(node)
  }

  begin(): void {
    this.#opening = this.#open().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, `no control and no metrics: ${textOf(error)}`)
    })
  }

  async #open(): Promise<void> {
    const { control, metrics } = this.#config
    if (control === false && metrics === undefined) return
    const [{ EventLoopDelay }, { metricsText }] = await Promise.all([
      import('@commloop/metrics'),
      import('@commloop/metrics'),
    ])
    const delay = new EventLoopDelay()
    this.#delay = delay
    const { version, startedAt } = this.#options.facts
    const text = () => metricsText({ node: this.#node, version, startedAt, delay })
    if (control !== false) await this.#openControl(control, text)
    if (metrics !== undefined && !this.#isOver()) await this.#openMetrics(metrics, text)
  }

  async #openControl(path: string | undefined, text: () => AsyncIterable<string>): Promise<void> {
    const { facts, env, logger, payloadBytesMax, reload } = this.#options
    const { Availability, chosenPlace, ControlServer, SocketTaken, usualPlace } =
      await import('@commloop/control')
    if (this.#isOver()) return
    const node = this.#node
    const place =
      path === undefined ? usualPlace(node.config.name, facts.config, env) : chosenPlace(path)
    const attendance = new Availability(node)
    try {
      const controlled = { node, facts, attendance, logger, payloadBytesMax, metrics: text, reload }
      this.#control = await ControlServer.open(place, controlled)
      const socket = this.#control.path
      if (!this.#isOver()) logger.info({ control: socket }, `control socket: ${socket}`)
    } catch (error) {
      const what =
        error instanceof SocketTaken
          ? 'another node runs this configuration, so that each of its peers sees two of us. Stop one of them'
          : 'no control socket, so that `commloop status` and the like do not reach this node'
      logger.warn({ err: error }, `${what}: ${textOf(error)}`)
    }
  }

  async #openMetrics(place: MetricsPlace, text: () => AsyncIterable<string>): Promise<void> {
    const { logger } = this.#options
    const { MetricsServer } = await import('@commloop/control')
    try {
      this.#metrics = await MetricsServer.open(place, text)
      logger.info({ metrics: this.#metrics.url }, `metrics at ${this.#metrics.url}`)
    } catch (error) {
      logger.warn({ err: error }, `no metrics by TCP: ${textOf(error)}`)
    }
  }

  /** Asked anew after a wait. */
  #isOver(): boolean {
    return this.#isClosing
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#opening
    await Promise.all([this.#control?.close(), this.#metrics?.close()])
    this.#delay?.close()
    this.#channels.close()
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
