import type { Readable } from 'node:stream'
import {
  CommloopError,
  messageText,
  type Node,
  type ReceivedMessage,
  sizeText,
} from '@commloop/core'
import {
  type AskRequest,
  type LineError,
  readInputLine,
  type SendRequest,
} from '@commloop/control/json'
import { type InputLine, LineSplitter } from './line-splitter.js'
import { SendBackpressure } from './send-backpressure.js'

/** A byte of payload takes at most six bytes of a line: `\u0000`. */
const LINE_BYTES_PER_PAYLOAD_BYTE = 6
/** Room for the other keys of a line. */
const LINE_BYTES_BESIDE_PAYLOAD = 64 * 1024
/** Well below the longest string of V8. */
const LINE_BYTES_LIMIT = 256 * 1024 * 1024

/** Reading pauses while so many requests of the input wait for their answers. */
const REQUESTS_AT_ONCE_MAX = 1_000

export interface StdinListener {
  /** The answer to a request of the input. */
  answered(id: string | undefined, answer: ReceivedMessage): void
  /** A line was invalid, or the node refused its message. The other lines are not affected. */
  refused(error: LineError): void
  /** The input has ended, and each line is sent or refused. Called once. */
  ended(): void
  /** Reading the input failed. `ended` follows. */
  failed(error: Error): void
}

/**
 * Sends the lines of an input as messages. Reading pauses while a target is above its high-water mark or the output is
 * slow, so that backpressure reaches the writer of the input. A line with `"wait": false` never makes it pause: its
 * message waits in the outbox of the target, or is refused if that is full.
 */
export class StdinSender {
  readonly #input: Readable
  readonly #node: Node
  readonly #listener: StdinListener
  readonly #lines: LineSplitter
  #lineBytesMax: number
  readonly #backpressure: SendBackpressure
  /** Requests that have not ended. */
  #asking = 0
  #allAnswered: (() => void)[] = []
  #started = false
  #held = false
  #working = false
  #inputEnded = false
  #over = false

  constructor(input: Readable, node: Node, payloadBytesMax: number, listener: StdinListener) {
    this.#input = input
    this.#node = node
    this.#listener = listener
    this.#lineBytesMax = lineBytesMax(payloadBytesMax)
    this.#lines = new LineSplitter(this.#lineBytesMax)
    this.#backpressure = new SendBackpressure(node, () => {
      this.#continue()
    })
  }

  /** Sets the largest payload that any link accepts. */
  limit(payloadBytesMax: number): void {
    this.#lineBytesMax = lineBytesMax(payloadBytesMax)
    this.#lines.limit(this.#lineBytesMax)
  }

  start(): void {
    if (this.#over) return
    this.#started = true
    this.#input.on('data', this.#received)
    this.#input.once('end', this.#ended)
    this.#input.once('error', this.#failed)
    // A terminal or a pipe that goes away emits `close` without `end`.
    this.#input.once('close', this.#ended)
    if (this.#held) this.#input.pause()
    else this.#input.resume()
  }

  /** Pauses reading, for example while the output is slow. */
  hold(): void {
    this.#held = true
    if (this.#started) this.#input.pause()
  }

  release(): void {
    this.#held = false
    this.#continue()
  }

  /** Ends reading, even if there is more input. */
  close(): void {
    this.#over = true
    this.#input.off('data', this.#received)
    this.#input.pause()
  }

  get #waits(): boolean {
    return this.#held || this.#backpressure.isFull || this.#asking >= REQUESTS_AT_ONCE_MAX
  }

  readonly #received = (chunk: Uint8Array): void => {
    this.#lines.push(chunk)
    this.#continue()
  }

  readonly #ended = (): void => {
    this.#inputEnded = true
    this.#continue()
  }

  readonly #failed = (error: Error): void => {
    this.#listener.failed(error)
    this.#ended()
  }

  #continue(): void {
    // `send` may call `hold` or `release` synchronously: the running loop handles that.
    if (!this.#started || this.#working || this.#over) return
    this.#working = true
    const exhausted = this.#work()
    this.#working = false
    if (!exhausted) this.#input.pause()
    else if (!this.#inputEnded) this.#input.resume()
    else this.#finish()
  }

  /** Sends lines until there are no more. @returns false: input must wait */
  #work(): boolean {
    while (!this.#waits) {
      const line = this.#lines.next()
      if (line === undefined) return true
      this.#take(line)
    }
    return false
  }

  #finish(): void {
    this.#over = true
    const last = this.#lines.end()
    if (last !== undefined) this.#take(last)
    this.#listener.ended()
  }

  #take(line: InputLine): void {
    if (line.bytes === undefined) {
      const limit = sizeText(this.#lineBytesMax)
      const message = `line of ${String(line.bytesTotal)} bytes exceeds the limit of ${limit}`
      this.#refuse(line, 'CML_ERR_INPUT_INVALID', message, undefined)
      return
    }
    const request = readInputLine(line.bytes)
    if (request === undefined) return
    if ('problem' in request) {
      this.#refuse(line, 'CML_ERR_INPUT_INVALID', request.problem, request.id)
    } else if ('question' in request) {
      this.#ask(line, request)
    } else {
      this.#send(line, request)
    }
  }

  #ask(line: InputLine, { question, to, timeoutMs, id }: AskRequest): void {
    this.#asking++
    const options = timeoutMs === undefined ? { to } : { to, timeout: timeoutMs }
    const ended = (): void => {
      this.#asking--
      if (this.#asking === 0) for (const told of this.#allAnswered.splice(0)) told()
      this.#continue()
    }
    void this.#node
      .request(question, options)
      .then(
        (answer) => {
          this.#listener.answered(id, answer)
        },
        (error: unknown) => {
          const code = CommloopError.is(error) ? error.code : 'CML_ERR_INPUT_INVALID'
          this.#refuse(line, code, messageText(error), id)
        },
      )
      .then(ended)
  }

  /** Resolves when each request has ended, or after `deadlineMs`. */
  allAnswered(deadlineMs: number): Promise<void> {
    if (this.#asking === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, deadlineMs)
      this.#allAnswered.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #send(line: InputLine, { payload, options, wait }: SendRequest): void {
    const { to } = options
    const routingBefore = to === undefined ? this.#node.counters.routing : 0
    try {
      if (this.#node.send(payload, options) || !wait) return
    } catch (error) {
      if (!CommloopError.is(error)) throw error
      this.#refuse(line, error.code, error.message, options.id)
      return
    }
    const waitsForRoute = to === undefined && this.#node.counters.routing > routingBefore
    this.#backpressure.sent(to, waitsForRoute)
  }

  #refuse(
    { number }: InputLine,
    code: LineError['code'],
    message: string,
    id: string | undefined,
  ): void {
    this.#listener.refused({ code, message, line: number, id })
  }
}

function lineBytesMax(payloadBytesMax: number): number {
  return Math.min(
    payloadBytesMax * LINE_BYTES_PER_PAYLOAD_BYTE + LINE_BYTES_BESIDE_PAYLOAD,
    LINE_BYTES_LIMIT,
  )
}
