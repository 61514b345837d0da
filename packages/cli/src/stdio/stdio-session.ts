import type { Readable, Writable } from 'node:stream'
import {
  durationText,
  type LinkHandle,
  type Logger,
  messageText,
  type Node,
  type Release,
} from '@commloop/core'
import {
  AnswerLines,
  auditLine,
  errorLine,
  isControlId,
  type LineError,
  linkLine,
  MessageLines,
  outcomeLine,
  readyLine,
  rejectedLine,
} from '@commloop/control/json'
import { outputTo } from '../terminal/file-output.js'
import type { OutputStatus } from '@commloop/metrics'
import { StdinSender } from './stdin-sender.js'
import { OutputFailure } from './output-failure.js'
import { OutputLines } from './output-lines.js'

export interface StdioOptions {
  /** The largest payload that any link accepts. */
  readonly payloadBytesMax: number
  /** Received payloads become `payload` if they are valid UTF-8. false: always `base64`. */
  readonly text: boolean
  /** Keep running when the input has ended. */
  readonly keepOpen: boolean
  /** How long messages may take to get their outcome after the input has ended. */
  readonly drainMs: number
}

export interface StdioStreams {
  readonly stdin: Readable
  readonly stdout: Writable
}

/**
 * Connects a node with another program through JSON lines:
 *
 *     stdin ─▶ StdinSender ─▶ node.send      pauses while a target is above its mark, or stdout is slow
 *     stdout ◀─ OutputLines ◀─ events        while stdout is slow no link is read: TCP makes the peers wait
 *
 * Lines have the order in which the node emits the events: the `up` of a link comes before its first message, and its
 * last message before the end of its connection.
 */
export class StdioSession {
  readonly #node: Node
  readonly #options: StdioOptions
  readonly #logger: Logger
  readonly #output: OutputLines
  readonly #sender: StdinSender
  readonly #messages: MessageLines
  readonly #answers: AnswerLines
  readonly #over: Promise<void>
  #finish: () => void = () => undefined
  #ready = false
  #draining = false
  #slow = false
  /** The links that are not read because the output is slow. */
  readonly #held = new Map<LinkHandle, Release>()
  #refusedLines = 0
  #failed = false
  readonly #failure: OutputFailure

  constructor(node: Node, streams: StdioStreams, options: StdioOptions, logger: Logger) {
    this.#node = node
    this.#options = options
    this.#logger = logger
    this.#messages = new MessageLines(options.text)
    this.#answers = new AnswerLines(options.text)
    this.#over = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#failure = new OutputFailure(node, logger)
    this.#output = new OutputLines(outputTo(streams.stdout), {
      slow: () => {
        this.#outputSlow()
      },
      drained: () => {
        this.#outputDrained()
      },
      failing: (error) => {
        this.#failure.failing(error)
      },
      recovered: () => {
        this.#failure.recovered()
      },
      gone: (error) => {
        this.#outputGone(error)
      },
    })
    this.#sender = new StdinSender(streams.stdin, node, options.payloadBytesMax, {
      answered: (id, answer) => {
        this.#output.writeMessage(this.#answers.of(id, answer))
      },
      refused: (error) => {
        this.#refused(error)
      },
      ended: () => {
        if (!options.keepOpen) void this.#drain()
      },
      failed: (error) => {
        this.#failed = true
        logger.error({ err: error }, `stdin failed: ${messageText(error)}`)
      },
    })
    this.#listen()
  }

  /** Resolves when all messages of the input have their outcome, or the drain time is over. */
  get over(): Promise<void> {
    return this.#over
  }

  /** Input lines that were invalid or that the node refused. */
  get refusedLines(): number {
    return this.#refusedLines
  }

  /** The state of stdout. */
  get output(): OutputStatus {
    return this.#failure.status(this.#output.isSlow)
  }

  /** Reading the input or writing the output failed. */
  get failed(): boolean {
    return this.#failed
  }

  /** Called once the node has started. */
  begin(): void {
    this.#writeReady()
    this.#sender.start()
  }

  /** Called when the node has other codecs. */
  reconfigured(payloadBytesMax: number): void {
    this.#sender.limit(payloadBytesMax)
  }

  /** Called before the node stops: ends the input. */
  end(): void {
    this.#sender.close()
  }

  /** Called once the node has stopped: writes pending output. */
  async close(deadlineMs: number): Promise<void> {
    const flushed = await this.#output.flushed(deadlineMs)
    if (!flushed && !this.#output.isGone) this.#linesLost(deadlineMs)
    const { droppedLines: lines } = this.#output
    if (lines > 0) {
      this.#logger.warn({ lines }, `stdout was not read: ${String(lines)} lines dropped`)
    }
  }

  #linesLost(deadlineMs: number): void {
    const messages = this.#output.pendingMessages
    const what = this.output.state === 'failing' ? 'could not be written' : 'was not read'
    const lost = `lines lost, among them ${String(messages)} received messages`
    this.#logger.warn({ messages }, `stdout ${what} within ${durationText(deadlineMs)}: ${lost}`)
    if (this.output.state === 'failing') this.#failed = true
  }

  // ── events of the node ──────────────────────────────────────────────────────────────────────────────────────

  #listen(): void {
    const output = this.#output
    const node = this.#node
    node
      .on('message', this.#message)
      .on('link', (change) => {
        // The first change comes before `start` resolves, when the node is already listening.
        this.#writeReady()
        // A link that was added while the output is slow.
        if (this.#slow && change.state !== 'closed') {
          this.#hold(node.links().find(({ id }) => id === change.link))
        }
        output.writeIfRoom(linkLine(change))
      })
      .on('outcome', (event) => {
        // The outcome of a message that an operator sent.
        if (isControlId(event.id)) return
        output.write(outcomeLine(event))
      })
      .on('rejected', (event) => {
        output.writeIfRoom(rejectedLine(event))
      })
      .on('audit', (event) => {
        output.writeIfRoom(auditLine(event))
      })
  }

  readonly #message = (message: Parameters<MessageLines['of']>[0]): void => {
    this.#output.writeMessage(this.#messages.of(message))
  }

  #writeReady(): void {
    if (this.#ready) return
    this.#ready = true
    const { config, listening, listeners } = this.#node
    this.#output.write(readyLine(config.name, listening, listeners))
  }

  #refused(error: LineError): void {
    this.#refusedLines++
    this.#output.write(errorLine(error))
  }

  // ── a slow or closed reader ─────────────────────────────────────────────────────────────────────────────────

  #hold(link: LinkHandle | undefined): void {
    if (link !== undefined && !this.#held.has(link)) this.#held.set(link, link.hold())
  }

  #outputSlow(): void {
    this.#slow = true
    for (const link of this.#node.links()) this.#hold(link)
    this.#sender.hold()
  }

  #outputDrained(): void {
    this.#slow = false
    for (const release of this.#held.values()) release()
    this.#held.clear()
    this.#sender.release()
  }

  /**
   * Treated like the end of the input. With `keepOpen` the input continues, and received messages count as `unhandled`
   * and as discarded.
   */
  #outputGone(error: Error): void {
    this.#node.off('message', this.#message)
    this.#failure.gone(error, this.#output.pendingMessages)
    if (!isClosedPipe(error)) {
      this.#failed = true
      this.#logger.error({ err: error }, `stdout failed: ${messageText(error)}`)
    }
    if (this.#options.keepOpen) {
      this.#logger.warn({}, 'stdout is closed: received messages are discarded')
      return
    }
    this.#logger.info({}, 'stdout is closed: stopping as at the end of input')
    this.#sender.close()
    void this.#drain()
  }

  /** Waits until accepted messages have their outcome. */
  async #drain(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    const { drainMs } = this.#options
    const [settled] = await Promise.all([
      this.#node.settled({ deadlineMs: drainMs }),
      this.#sender.allAnswered(drainMs),
    ])
    if (!settled) {
      this.#logger.warn({}, `not all messages could be sent within ${durationText(drainMs)}`)
    }
    this.#finish()
  }
}

/** The reader has closed its end, which is not a failure. */
function isClosedPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE'
}
