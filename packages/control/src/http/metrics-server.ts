import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { addressText, parseIp } from '@commloop/core'
import { METRICS_CONTENT_TYPE } from '@commloop/metrics'

/** Scrapers are few; whoever comes beyond is closed at once. */
const CONNECTIONS_MAX = 16
const HEADER_BYTES_MAX = 8 * 1024
const REQUEST_MS_MAX = 10_000
/** A scraper that takes nothing for so long is gone. */
const IDLE_MS_MAX = 30_000
const PATH = '/metrics'

export interface MetricsPlace {
  readonly host: string
  readonly port: number
  /** What a request must show; undefined: nothing. */
  readonly token: string | undefined
}

/** Serves `GET /metrics` by TCP, to whoever shows the token where there is one. */
export class MetricsServer {
  readonly #server: Server
  readonly #place: MetricsPlace
  readonly #text: () => AsyncIterable<string>

  private constructor(place: MetricsPlace, text: () => AsyncIterable<string>) {
    this.#place = place
    this.#text = text
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: REQUEST_MS_MAX,
        requestTimeout: REQUEST_MS_MAX,
        connectionsCheckingInterval: 1_000,
      },
      (request, response) => {
        this.#answer(request, response)
      },
    )
    this.#server.maxConnections = CONNECTIONS_MAX
    this.#server.setTimeout(IDLE_MS_MAX)
  }

  /** @throws what the system says where it cannot listen */
  static async open(
    place: MetricsPlace,
    text: () => AsyncIterable<string>,
  ): Promise<MetricsServer> {
    const metrics = new MetricsServer(place, text)
    const server = metrics.#server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(place.port, place.host, () => {
        server.off('error', reject)
        server.on('error', () => undefined)
        resolve()
      })
    })
    return metrics
  }

  /** With the port that the system has chosen. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo
    return `http://${addressText({ ip: address, port })}${PATH}`
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      const [status, text] = refusal
      const challenge = status === 401 ? { 'WWW-Authenticate': 'Bearer realm="commloop"' } : {}
      response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...challenge })
      response.end(`${text}\n`)
      return
    }
    response.writeHead(200, { 'Content-Type': METRICS_CONTENT_TYPE, 'Cache-Control': 'no-store' })
    if (request.method === 'HEAD') response.end()
    // A reader that hangs up in the middle is no news.
    else pipeline(Readable.from(this.#text()), response, () => undefined)
  }

  #refusal(request: IncomingMessage): readonly [number, string] | undefined {
    const { token } = this.#place
    const shown = token !== undefined && showsToken(request, token)
    if (token !== undefined && !shown) return [401, 'a token is needed: Authorization: Bearer …']
    if (!shown && !isPlainHost(request.headers.host)) {
      return [403, 'the Host header has to be an IP address or localhost']
    }
    const { method = '', url = '' } = request
    if (url.split('?')[0] !== PATH) return [404, `there is only ${PATH}`]
    return method === 'GET' || method === 'HEAD' ? undefined : [405, 'there is only GET']
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve()
      })
      this.#server.closeAllConnections()
    })
  }
}

/** In the same time whatever is wrong with it. */
function showsToken({ headers }: IncomingMessage, token: string): boolean {
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * A page in a browser can make its own name stand for 127.0.0.1 and read what it finds there; it cannot make the browser
 * say that it asked for an address.
 */
function isPlainHost(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || parseIp(name) !== undefined
}
