import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { CliProcess, type CliOptions, DEADLINE_MS } from './cli-process.js'
import { testFolder } from './test-folder.js'

const open = new Set<Socket>()

export interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
  /** The answer as JSON. */
  readonly json: unknown
}

/** A running node and its control socket, which is queried with the HTTP client of Node. */
export class ControlNode {
  readonly process: CliProcess
  readonly folder: string
  /** The path of the socket, from the log. */
  readonly socket: string
  readonly port: number

  private constructor(process: CliProcess, folder: string, socket: string, port: number) {
    this.process = process
    this.folder = folder
    this.socket = socket
    this.port = port
  }

  static async start(
    config: unknown,
    files: Readonly<Record<string, unknown>> = {},
    options: CliOptions & { readonly args?: readonly string[] } = {},
  ): Promise<ControlNode> {
    return await ControlNode.startIn(testFolder({ '.commlooprc': config, ...files }), options)
  }

  static async startIn(
    folder: string,
    { args = [], ...options }: CliOptions & { readonly args?: readonly string[] } = {},
  ): Promise<ControlNode> {
    const process = CliProcess.start(args, { cwd: folder, stdin: 'ignore', ...options })
    const { control } = await process.log(({ msg }) => msg.startsWith('control socket: '))
    const line = process.stderrLines.find((text) => text.includes('"msg":"listening at'))
    const { listen } = JSON.parse(line ?? '{}') as { listen?: { port: number } }
    return new ControlNode(process, folder, String(control), listen?.port ?? 0)
  }

  ask(method: string, path: string, body?: string | object): Promise<Answer> {
    return ask({ socketPath: this.socket }, method, path, body)
  }

  async get(path: string): Promise<unknown> {
    return (await this.ask('GET', path)).json
  }

  /** Repeats a request until its answer is as expected. */
  async until<Value>(
    path: string,
    matches: (value: Value) => boolean,
    deadlineMs = DEADLINE_MS,
  ): Promise<Value> {
    const deadline = performance.now() + deadlineMs
    for (;;) {
      const value = (await this.get(path)) as Value
      if (matches(value)) return value
      if (performance.now() > deadline)
        throw new Error(`${path}: not so: ${JSON.stringify(value)}\n${this.process.transcript()}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** A raw connection to the socket. */
  connect(): RawClient {
    return new RawClient(this.socket)
  }

  /** Reads server-sent events. */
  events(query: string): RawClient {
    const client = this.connect()
    client.write(`GET /v1/events${query} HTTP/1.1\r\nHost: x\r\n\r\n`)
    return client
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM')
    await this.process.exit()
  }
}

export function ask(
  place: { readonly socketPath: string } | { readonly host: string; readonly port: number },
  method: string,
  path: string,
  body?: string | object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ ...place, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response
        const type = answered['content-type'] ?? ''
        const isJson = type.startsWith('application/json')
        resolve({ status, type, text, json: isJson ? JSON.parse(text) : undefined })
      })
    })
    call.on('error', reject)
    call.setTimeout(DEADLINE_MS, () => call.destroy(new Error(`no answer to ${method} ${path}`)))
    call.end(typeof body === 'object' ? JSON.stringify(body) : body)
  })
}

/** A raw HTTP client, which can be slow or violate the protocol. */
export class RawClient {
  readonly #socket: Socket
  text = ''
  hasClosed = false
  #look: () => void = () => undefined

  constructor(path: string) {
    this.#socket = connect(path)
    open.add(this.#socket)
    this.#socket.on('error', () => undefined)
    this.#socket.on('data', (part) => {
      this.text += part.toString('latin1')
      this.#look()
    })
    this.#socket.on('close', () => {
      this.hasClosed = true
      open.delete(this.#socket)
      this.#look()
    })
  }

  write(text: string): void {
    this.#socket.write(text)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** The data of the complete events so far. An event may arrive in several chunks. */
  get events(): Record<string, unknown>[] {
    return [...this.text.matchAll(/^data: (.*)\n\n/gm)].map(
      ([, data = '']) => JSON.parse(data) as Record<string, unknown>,
    )
  }

  until(condition: (client: this) => boolean, deadlineMs = DEADLINE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`client: not so in ${String(deadlineMs)} ms: ${this.text.slice(-2000)}`))
      }, deadlineMs)
      this.#look = () => {
        if (!condition(this)) return
        clearTimeout(timer)
        this.#look = () => undefined
        resolve()
      }
      this.#look()
    })
  }
}

/** Call this once at the top of a test file: it closes all clients after each test. */
export function closeClientsAfterEach(): void {
  afterEach(() => {
    for (const socket of [...open]) socket.destroy()
  })
}
