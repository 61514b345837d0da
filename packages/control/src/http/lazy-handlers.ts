import type { RequestListener } from 'node:http'
import type { ControlledNode } from '../app/controlled-node.js'
import type { RequestHandlers } from '../app/request-handlers.js'

/** How long after the start the code of the API is loaded, so that traffic begins first. A client may come earlier. */
const LOAD_AFTER_MS = 1_000

/**
 * Loads the API and hono when the first client needs them, or shortly after the start, because code that is loaded
 * before the first message delays it. It does not wait for a client longer than that, because a node that has run out
 * of file descriptors could no longer read the files.
 */
export class LazyHandlers {
  readonly #controlled: ControlledNode
  readonly #timer: NodeJS.Timeout
  #loading: Promise<RequestHandlers> | undefined
  #loaded: RequestHandlers | undefined

  constructor(controlled: ControlledNode) {
    this.#controlled = controlled
    this.#timer = setTimeout(() => {
      this.#load().catch((error: unknown) => {
        this.#controlled.logger.warn({ err: error }, 'control: the API cannot be loaded')
      })
    }, LOAD_AFTER_MS).unref()
  }

  /** A request handler that waits until the API is loaded. */
  listener(select: (handlers: RequestHandlers) => RequestListener): RequestListener {
    let selected: RequestListener | undefined
    return (request, response) => {
      this.#load().then(
        (handlers) => {
          if (request.socket.destroyed) return
          selected ??= select(handlers)
          selected(request, response)
        },
        () => {
          response.writeHead(500).end('{"error":{"message":"the control API cannot be loaded"}}')
        },
      )
    }
  }

  #load(): Promise<RequestHandlers> {
    this.#loading ??= this.#imported()
    return this.#loading
  }

  async #imported(): Promise<RequestHandlers> {
    clearTimeout(this.#timer)
    const { RequestHandlers } = await import('../app/request-handlers.js')
    this.#loaded = new RequestHandlers(this.#controlled)
    return this.#loaded
  }

  /** Ends every event stream. */
  end(): void {
    clearTimeout(this.#timer)
    this.#loaded?.end()
  }
}
