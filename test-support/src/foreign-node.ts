import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { runtimeFolder } from './cli-process.js'

const open = new Set<ForeignNode>()

/** What a foreign node answers to one request: a value to send as JSON, or a text to send unchanged. */
export type ForeignAnswer = (request: { readonly method: string; readonly path: string }) => unknown

/** A program that answers at a control socket and is not a node. */
export class ForeignNode {
  /** The path of the socket. */
  readonly socket: string
  readonly #server: Server

  private constructor(socket: string, server: Server) {
    this.socket = socket
    this.#server = server
    open.add(this)
  }

  static async start(name: string, answer: ForeignAnswer): Promise<ForeignNode> {
    const server = createServer(({ method = '', url = '' }, response) => {
      const value = answer({ method, path: url.split('?')[0] ?? '' })
      const body = typeof value === 'string' ? value : JSON.stringify(value)
      const isRefusal = typeof value === 'object' && value !== null && 'error' in value
      response.writeHead(isRefusal ? 409 : 200, { 'Content-Type': 'application/json' })
      response.end(body)
    })
    const socket = join(runtimeFolder(), `${name}.sock`)
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    return new ForeignNode(socket, server)
  }

  close(): void {
    open.delete(this)
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

/** Call this once at the top of a test file: it closes all foreign nodes after each test. */
export function closeForeignNodesAfterEach(): void {
  afterEach(() => {
    for (const node of [...open]) node.close()
  })
}
