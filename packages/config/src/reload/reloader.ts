import {
  CommloopError,
  type ErrorCode,
  foreignText,
  type Logger,
  type NewPlugins,
  type Node,
  type NodeConfig,
} from '@commloop/core'
import type { ConfigPlugins } from '../load/config-plugins.js'
import type { ConfigRequest } from '../find/find-config.js'
import type { SourceChecker } from '../load/checked-file.js'
import type { ConfigReading } from '../load/loaded-config.js'
import { readConfigWith } from '../load/read-config-with.js'
import type { LoadedConfig } from '../load/loaded-config.js'
import { commonCode, problemsText } from '../read/diagnostic.js'
import { ReadingThread } from './reading-thread.js'
import { remedyOf } from './listen-remedy.js'
import { logReload } from './reload-log.js'
import type { ReloadResult } from './reload-result.js'
import { withinMs } from '../within-ms.js'

/** Reading must not block all later reloads. Longer than one plugin may take to load, so that its problem is reported. */
const READ_MS_MAX = 25_000

/**
 * Applies changes of the configuration to a running node. The file is read and validated as at the start; if it has a
 * mistake, nothing changes.
 */
export class Reloader {
  readonly #node: Node
  readonly #request: ConfigRequest
  readonly #logger: Logger
  readonly #reloaded: (config: LoadedConfig) => void
  #config: LoadedConfig
  #last: Promise<unknown> = Promise.resolve()
  #waiting: Promise<ReloadResult> | undefined

  /**
   * @param config the configuration of the node
   * @param request how that configuration was found
   * @param reloaded called after each successful reload, with the new configuration
   */
  constructor(
    node: Node,
    config: LoadedConfig,
    request: ConfigRequest,
    logger: Logger,
    reloaded: (config: LoadedConfig) => void = () => undefined,
  ) {
    this.#node = node
    this.#config = config
    this.#request = request
    this.#logger = logger
    this.#reloaded = reloaded
  }

  /** The configuration that the node has now. */
  get config(): LoadedConfig {
    return this.#config
  }

  /**
   * Reads the configuration again, applies the changes, and logs the result. Reloads run one at a time: calls during a
   * reload share the next one. Never rejects.
   */
  reload(): Promise<ReloadResult> {
    if (this.#waiting !== undefined) return this.#waiting
    const next = this.#last.then(async () => {
      this.#waiting = undefined
      const result = await this.#reload()
      logReload(result, this.#logger)
      return result
    })
    this.#waiting = next
    this.#last = next
    return next
  }

  async #reload(): Promise<ReloadResult> {
    try {
      const reading = await this.#read()
      if (!reading.ok) {
        const { problems } = reading
        const message = await problemsText(problems)
        return { ok: false, code: commonCode(problems), message, problems }
      }
      const { config } = reading
      const { node, plugins, listenFiles } = config
      const changes = await this.#node.reconfigure(node, newPlugins(plugins), {
        relisten: listenFiles !== this.#config.listenFiles,
      })
      this.#config = config
      this.#reloaded(config)
      return { ok: true, file: config.file, changes, warnings: config.warnings }
    } catch (error) {
      return refused(error)
    }
  }

  async #read(): Promise<ConfigReading> {
    const thread = new ReadingThread()
    const running = {
      config: this.#config,
      problems: (node: NodeConfig, plugins: ConfigPlugins) =>
        this.#node.checkReconfiguration(node, newPlugins(plugins)),
    }
    try {
      const check = (...text: Parameters<SourceChecker>) => thread.check(...text)
      const reading = readConfigWith(check, this.#request, running)
      return await withinMs(reading, READ_MS_MAX, () => {
        const text = `reading the configuration and its plugins took more than ${String(READ_MS_MAX / 1000)} s`
        return new CommloopError('CML_ERR_PLUGIN_INVALID', text)
      })
    } finally {
      thread.end()
    }
  }
}

function newPlugins({ codec, reconnect, router }: ConfigPlugins): NewPlugins {
  return { codec: codec.value, reconnect: reconnect.value, router: router.value }
}

/** The code of an unexpected error, which most likely comes from a plugin. */
const UNEXPECTED: ErrorCode = 'CML_ERR_PLUGIN_INVALID'

function refused(error: unknown): ReloadResult {
  if (!CommloopError.is(error)) {
    return { ok: false, code: UNEXPECTED, message: foreignText(error), problems: [] }
  }
  const remedy = remedyOf(error)
  const message = remedy === undefined ? error.message : `${error.message}. ${remedy}`
  return { ok: false, code: error.code, message, problems: [] }
}
