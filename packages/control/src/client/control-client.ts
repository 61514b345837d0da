import { type IncomingMessage, request as httpRequest } from 'node:http'
import { CommloopError, ERROR_CODES, type ErrorCode, messageText } from '@commloop/core'
import { EventSplitter } from './event-splitter.js'
import { jsonWithin } from './bounded-json.js'
import { type PathTrust, pathProblem } from '../http/path-owners.js'

/** How long a node may take to answer a request that does not wait for anything. */
const ANSWER_MS_MAX = 5_000
/** Added to the time that the node itself waits, for its response to arrive. */
const GRACE_MS = 2_000
/** Twice the size of the status of a hundred thousand links. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024
/** The same for one event, in UTF-16 units. An event with a payload is a third longer than the payload. */
const ANSWER_LENGTH_MAX = ANSWER_BYTES_MAX
/** Objects and lists inside each other. The answers of a node have 6; printing thousands would exhaust the stack. */
const ANSWER_DEPTH_MAX = 64

export interface ControlRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** How long the node itself may wait before it responds, in milliseconds. Default: 0. */
  readonly waitMs?: number
}

/**
 * A client of one node's control socket. Each request uses a connection of its own, and before each connection the client
 * checks that no other user can have put the socket there, because that user would read what the client sends.
 */
export class ControlClient {
  /** The path of the socket. */
  readonly path: string
  readonly #trust: PathTrust

  /**
   * @param path of the socket, such as `/run/user/1000/commloop/plant-l2-1f0c7d2a9be4.sock`
   * @param trust the users who may own the socket and its folder. Default: the user of this process and root; if this
   *   process runs as root, also a user to whom root has given the folder
   */
  constructor(path: string, trust: PathTrust = defaultTrust()) {
    this.path = path
    this.#trust = trust
  }

  /**
   * Sends one request.
   *
   * @returns the JSON of the response
   * @throws CommloopError with the node's code if the node refuses the request; CML_ERR_CONTROL_UNREACHABLE if no node
   * answers
   */
  async ask(request: ControlRequest): Promise<unknown> {
    const response = await this.#open(request, (request.waitMs ?? 0) + ANSWER_MS_MAX + GRACE_MS)
    return await this.#json(response)
  }

  /**
   * Reads server-sent events until `signal` aborts or the node ends the stream.
   *
   * @returns the `data` of each event, which is JSON
   * @throws as `ask`; CML_ERR_CONTROL_UNREACHABLE also if the connection breaks, or if an event is not JSON or
   *   too long
   */
  async *events(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#open({ method: 'GET', path }, ANSWER_MS_MAX, signal)
    if (response.statusCode !== 200) await this.#json(response)
    response.setEncoding('utf8')
    const splitter = new EventSplitter(ANSWER_LENGTH_MAX)
    try {
      for await (const part of response as AsyncIterable<string>) {
        for (const data of splitter.push(part)) yield checkedEvent(data)
      }
    } catch (error) {
      if (signal.aborted) return
      throw this.#unreachable('the connection to the node broke', error)
    }
  }

  async #open(
    { method, path, body }: ControlRequest,
    answerMs: number,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    this.#refuseForeign()
    return await new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const headers = text === undefined ? {} : { 'Content-Type': 'application/json' }
      const request = httpRequest(
        { socketPath: this.path, method, path, headers, agent: false, ...(signal && { signal }) },
        (response) => {
          clearTimeout(timer)
          resolve(response)
        },
      )
      const timer = setTimeout(() => {
        request.destroy(new Error(`no answer in ${String(answerMs / 1000)} s`))
      }, answerMs)
      request.on('error', (error) => {
        clearTimeout(timer)
        reject(this.#unreachable('no node answers', error))
      })
      request.end(text)
    })
  }

  /** @throws CommloopError CML_ERR_CONTROL_UNREACHABLE if another user can have put the socket there */
  #refuseForeign(): void {
    const problem = untrusted(this.path, this.#trust)
    if (problem === undefined) return
    const text = `${this.path} was not used: ${problem}. Another user may have put it there to read what you send`
    throw new CommloopError('CML_ERR_CONTROL_UNREACHABLE', text)
  }

  async #json(response: IncomingMessage): Promise<unknown> {
    const parts: Buffer[] = []
    let bytes = 0
    try {
      for await (const part of response as AsyncIterable<Buffer>) {
        bytes += part.byteLength
        if (bytes > ANSWER_BYTES_MAX) throw new Error('the response is too long')
        parts.push(part)
      }
    } catch (error) {
      throw this.#unreachable('the connection to the node broke', error)
    }
    const text = Buffer.concat(parts).toString('utf8')
    const answer = jsonWithin(text, ANSWER_DEPTH_MAX)
    if (response.statusCode === 200 && answer !== undefined) return answer
    throw refusalOf(answer) ?? this.#unreachable(`not a response of a node: ${text.slice(0, 80)}`)
  }

  #unreachable(what: string, cause?: unknown): CommloopError {
    const why = cause instanceof Error ? `: ${causeText(cause)}` : ''
    const text = `${what} at ${this.path}${why}`
    return new CommloopError('CML_ERR_CONTROL_UNREACHABLE', text, { cause })
  }
}

/** @returns why a socket is not trusted; undefined also if it is missing or hidden, because connecting to it tells why */
function untrusted(path: string, trust: PathTrust): string | undefined {
  // Windows has neither user ids nor these sockets.
  if (process.getuid === undefined) return undefined
  try {
    return pathProblem(path, 'socket', trust)
  } catch {
    return undefined
  }
}

function defaultTrust(): PathTrust {
  const uid = process.getuid?.() ?? 0
  return { owners: [uid], appointed: uid === 0 }
}

function causeText(error: Error): string {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'EACCES') return 'it belongs to another user'
  if (code === 'ENOENT') return 'the socket does not exist'
  if (code === 'ECONNREFUSED') return 'the process that created it has ended'
  if (code === 'ECONNRESET') return 'the node closed the connection; it may have too many clients'
  return messageText(error)
}

/** @throws Error if the data is not JSON, or nested too deeply */
function checkedEvent(data: string): string {
  if (jsonWithin(data, ANSWER_DEPTH_MAX) === undefined) throw new Error('not an event of a node')
  return data
}

/** The error in a response, as the node has thrown it. */
function refusalOf(answer: unknown): CommloopError | undefined {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined
  const { error } = answer
  if (typeof error !== 'object' || error === null) return undefined
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof message !== 'string') return undefined
  const known = typeof code === 'string' && code in ERROR_CODES
  return new CommloopError(known ? (code as ErrorCode) : 'CML_ERR_CONTROL_REFUSED', message)
}
