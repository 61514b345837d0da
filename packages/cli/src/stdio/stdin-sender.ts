import type { Readable } from 'node:stream'
import { CommloopError, type Node, sizeText } from '@commloop/core'
import { type LineError, readSendLine, type SendRequest } from '@commloop/control/json'
import { type InputLine, LineSplitter } from './line-splitter.js'
import { TargetPressure } from './send-backpressure.js'

/** A byte of payload is at most six of a line: `\u0000`. */
const LINE_BYTES_PER_PAYLOAD_BYTE = 6
/** For everything of a line that is not its payload. */
const LINE_BYTES_BESIDE_PAYLOAD = 64 * 1024
/** What fits into one string with room to spare. */
const LINE_BYTES_LIMIT = 256 * 1024 * 1024

export interface IntakeListener {
  /** A line that is unusable or refused. It has cost only itself. */
  refused(error: LineError): void
  /** There is no more input, and what there was is sent or refused. Once. */
  ended(): void
  /** The input broke off: `ended` follows. */
  failed(error: Error): void
}

/**
 * Input to messages: line by line, and not more than the node takes. While a target is full, or the output waits
 * for its reader, nothing is read, so that whoever writes has to wait too.
 */
export class Intake {
  readonly #input: Readable
  readonly #node: Node
  readonly #listener: IntakeListener
  readonly #lines: LineSplitter
  #lineBytesMax: number
  readonly #pressure: TargetPressure
  #started = false
  #held = false
  #working = false
  #inputEnded = false
  #over = false

  constructor(input: Readable, node: Node, payloadBytesMax: number, listener: IntakeListener) {
    this.#input = input
    this.#node = node
    this.#listener = listener
    this.#lineBytesMax = lineBytesMax(payloadBytesMax)
    this.#lines = new LineSplitter(this.#lineBytesMax)
    this.#pressure = new TargetPressure(node, () => {
      this.#goOn()
    })
  }

  /** Another payload is the largest that any link takes. */
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
    // A terminal or a pipe that is taken away closes without an end.
    this.#input.once('close', this.#ended)
    if (this.#held) this.#input.pause()
    else this.#input.resume()
  }

  /** Somebody else wants no more input for now. */
  hold(): void {
    this.#held = true
    if (this.#started) this.#input.pause()
  }

  unhold(): void {
    this.#held = false
    this.#goOn()
  }

  /** Reads nothing more, whatever there is. */
  close(): void {
    this.#over = true
    this.#input.off('data', this.#received)
    this.#input.pause()
  }

  get #waits(): boolean {
    return this.#held || this.#pressure.isFull
  }

  readonly #received = (chunk: Uint8Array): void => {
    this.#lines.push(chunk)
    this.#goOn()
  }

  readonly #ended = (): void => {
    this.#inputEnded = true
    this.#goOn()
  }

  readonly #failed = (error: Error): void => {
    this.#listener.failed(error)
    this.#ended()
  }

  #goOn(): void {
    // A line that is sent may relieve or hold at once: the loop that is under way sees to it.
    if (!this.#started || this.#working || this.#over) return
    this.#working = true
    const exhausted = this.#work()
    this.#working = false
    if (!exhausted) this.#input.pause()
    else if (!this.#inputEnded) this.#input.resume()
    else this.#finish()
  }

  /** @returns false where something has to be waited for first. */
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
      const message = `line of ${String(line.bytesTotal)} bytes, and the limit is ${limit}`
      this.#refuse(line, 'CML_ERR_INPUT_INVALID', message, undefined)
      return
    }
    const request = readSendLine(line.bytes)
    if (request === undefined) return
    if ('problem' in request) {
      this.#refuse(line, 'CML_ERR_INPUT_INVALID', request.problem, request.id)
    } else {
      this.#send(line, request)
    }
  }

  #send(line: InputLine, { payload, options }: SendRequest): void {
    const { to } = options
    const routingBefore = to === undefined ? this.#node.counters.routing : 0
    try {
      if (this.#node.send(payload, options)) return
    } catch (error) {
      if (!CommloopError.is(error)) throw error
      this.#refuse(line, error.code, error.message, options.id)
      return
    }
    const waitsForRoute = to === undefined && this.#node.counters.routing > routingBefore
    this.#pressure.sent(to, waitsForRoute)
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
