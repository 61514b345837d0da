import type { LoadedConfig, MetricsPlace } from '@commloop/config'
import type { ControlServer, MessageFields, NodeFacts } from '@commloop/control'
import { type Logger, messageText, type Node } from '@commloop/core'
import { DiagnosticChannels, type OutputStatus } from '@commloop/metrics'
import type { Service } from './service.js'

export interface AdminServicesOptions {
  readonly facts: NodeFacts
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logger: Logger
  /** The largest payload that any link accepts now. */
  readonly payloadBytesMax: () => number
  readonly fields: MessageFields
  /**
   * Reads the configuration again, applies what has changed, and resolves with the changes. Rejects with a
   * CommloopError if nothing was changed.
   */
  readonly reload: () => Promise<object>
  /** The state of stdout, if another program reads it. */
  readonly output: (() => OutputStatus) | undefined
}

/**
 * The services with which operators observe and control a running node: the control socket, metrics over TCP,
 * diagnostic channels. Their code is loaded after the node has started. If a service cannot be opened, the node logs a
 * warning and continues, because traffic matters more.
 */
export class AdminServices implements Service {
  readonly #node: Node
  readonly #config: LoadedConfig
  readonly #options: AdminServicesOptions
  readonly #channels: DiagnosticChannels
  #opening: Promise<void> = Promise.resolve()
  /** The node has stopped, perhaps before every service was open: open no more, and log nothing. */
  #isClosing = false
  #server: ControlServer | undefined

  constructor(node: Node, config: LoadedConfig, options: AdminServicesOptions) {
    this.#node = node
    this.#config = config
    this.#options = options
    this.#channels = new DiagnosticChannels(node)
  }

  begin(): void {
    this.#opening = this.#open().catch((error: unknown) => {
      const text = `neither control API nor metrics are available: ${messageText(error)}`
      this.#options.logger.warn({ err: error }, text)
    })
  }

  async #open(): Promise<void> {
    const { control, metrics } = this.#config
    if (control === false && metrics === undefined) return
    const { ControlServer } = await import('@commloop/control/server')
    if (this.#isClosing) return
    const { output, ...options } = this.#options
    const server = new ControlServer({
      node: this.#node,
      ...options,
      ...(output === undefined ? {} : { output }),
    })
    this.#server = server
    if (control !== false) await this.#openSocket(server, control)
    if (metrics !== undefined && !this.#isOver()) await this.#openMetrics(server, metrics)
  }

  async #openSocket(server: ControlServer, path: string | undefined): Promise<void> {
    const { facts, env, logger } = this.#options
    const { defaultLocation, SocketTaken } = await import('@commloop/control/server')
    if (this.#isOver()) return
    const location = path ?? defaultLocation(this.#node.config.name, facts.config, env)
    await server.keepSocket(location, {
      opened: (socket, again) => {
        if (this.#isOver()) return
        const text = again ? `control socket: ${socket} (made again)` : `control socket: ${socket}`
        logger.info({ control: socket }, text)
      },
      failed: (problem) => {
        const what =
          problem instanceof SocketTaken
            ? 'another node is already running this configuration, so its peers see both. Stop one of them'
            : 'no control socket: `commloop status` and similar commands cannot reach this node'
        logger.warn({ err: problem }, `${what}: ${messageText(problem)}`)
      },
    })
  }

  async #openMetrics(server: ControlServer, { host, port, token }: MetricsPlace): Promise<void> {
    const { logger } = this.#options
    try {
      const listener = await server.listenOnTcp({ host, port, token })
      const metrics = `${listener.url}/metrics`
      logger.info({ metrics }, `metrics at ${metrics}`)
    } catch (error) {
      logger.warn({ err: error }, `no metrics over TCP: ${messageText(error)}`)
    }
  }

  /** A method, because TypeScript would assume that the field has not changed during a wait. */
  #isOver(): boolean {
    return this.#isClosing
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#opening
    await this.#server?.close()
    this.#channels.close()
  }
}
