import {
  CommloopError,
  type ErrorCode,
  type Logger,
  type NewPlugins,
  type Node,
} from '@commloop/core'
import type { ConfigPlugins } from '../load/config-plugins.js'
import type { ConfigRequest } from '../find/find-config.js'
import { codeOf, type ConfigReading, type LoadedConfig, readConfig } from '../load/load-config.js'
import { problemsText } from '../read/diagnostic.js'
import { remedyOf } from './listen-remedy.js'
import { logReload } from './reload-log.js'
import type { ReloadResult } from './reload-result.js'

/** A plugin that does not finish loading must not keep every later reload waiting. */
const READ_MS_MAX = 10_000

/**
 * Lets a running node take on what its configuration says now. The file is read and judged as at the start; with any
 * mistake nothing changes.
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
   * @param config what the node was made of
   * @param request how it was found
   * @param reloaded hears what the node runs by from now on
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

  /** What the node runs by. */
  get config(): LoadedConfig {
    return this.#config
  }

  /**
   * Reads the configuration anew, changes what says something else, and logs what came of it. One at a time: whoever
   * asks while another reload runs waits for it, and shares the next one with all who ask meanwhile. Never rejects.
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
        return { ok: false, code: codeOf(problems), message: problemsText(problems), problems }
      }
      const { config } = reading
      const { options, plugins, listenFiles } = config
      const changes = await this.#node.reconfigure(options, newPlugins(plugins), {
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
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const text = `a plugin did not finish loading within ${String(READ_MS_MAX / 1000)} s`
        reject(new CommloopError('CML_ERR_PLUGIN_INVALID', text))
      }, READ_MS_MAX)
    })
    const reading = readConfig(this.#request, {
      config: this.#config,
      problems: (options, plugins) =>
        this.#node.reconfigurationProblems(options, newPlugins(plugins)),
    })
    try {
      return await Promise.race([reading, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

function newPlugins({ codec, reconnect, router }: ConfigPlugins): NewPlugins {
  return { codec: codec.value, reconnect: reconnect.value, router: router.value }
}

/** The code for what nobody foresaw: something in the configuration or its plugins has thrown. */
const UNFORESEEN: ErrorCode = 'CML_ERR_PLUGIN_INVALID'

function refused(error: unknown): ReloadResult {
  if (!CommloopError.is(error)) {
    return { ok: false, code: UNFORESEEN, message: String(error), problems: [] }
  }
  const remedy = remedyOf(error)
  const message = remedy === undefined ? error.message : `${error.message}. ${remedy}`
  return { ok: false, code: error.code, message, problems: [] }
}
