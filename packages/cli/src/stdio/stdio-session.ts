import type { Readable, Writable } from 'node:stream'
import { durationText, type LinkHandle, type Logger, type Node, type Release } from '@commloop/core'
import {
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
import { Intake } from './stdin-sender.js'
import { OutputLines } from './output-lines.js'

export interface StdioOptions {
  /** The largest payload that any link takes. */
  readonly payloadBytesMax: number
  /** `payload` where received bytes are valid UTF-8; otherwise `base64` always. */
  readonly text: boolean
  /** Go on when the input has ended. */
  readonly keepOpen: boolean
  /** How long after the end of the input messages may take to meet their outcome. */
  readonly drainMs: number
}

export interface StdioStreams {
  readonly stdin: Readable
  readonly stdout: Writable
}

/**
 * A node that other programs talk to, in JSON lines:
 *
 *     stdin ─▶ intake ─▶ node.send          waits while a target that is up is full, or stdout is slow
 *     stdout ◀─ output lines ◀─ events      while it is slow, no link is read: TCP makes the peers wait
 *
 * Lines stand in the order in which the node told its events: a link's `up` before its first message, its last
 * message before its loss.
 */
export class StdioSession {
  readonly #node: Node
  readonly #options: StdioOptions
  readonly #logger: Logger
  readonly #output: OutputLines
  readonly #intake: Intake
  readonly #messages: MessageLines
  readonly #over: Promise<void>
  #finish: () => void = () => undefined
  #ready = false
  #draining = false
  #slow = false
  /** The links that are not read because the output is slow. */
  readonly #held = new Map<LinkHandle, Release>()
  #refusedLines = 0
  #failed = false

  constructor(node: Node, streams: StdioStreams, options: StdioOptions, logger: Logger) {
    this.#node = node
    this.#options = options
    this.#logger = logger
    this.#messages = new MessageLines(options.text)
    this.#over = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#output = new OutputLines(streams.stdout, {
      slow: () => {
        this.#outputSlow()
      },
      relieved: () => {
        this.#outputRelieved()
      },
      gone: (error) => {
        this.#outputGone(error)
      },
    })
    this.#intake = new Intake(streams.stdin, node, options.payloadBytesMax, {
      refused: (error) => {
        this.#refused(error)
      },
      ended: () => {
        if (!options.keepOpen) void this.#drain()
      },
      failed: (error) => {
        this.#failed = true
        logger.error({ err: error }, `stdin failed: ${error.message}`)
      },
    })
    this.#hear()
  }

  /** Resolves when all input was sent and has met its outcome, or was given the time to. */
  get over(): Promise<void> {
    return this.#over
  }

  /** Input lines that were not sent: unusable, or refused by the node. */
  get refusedLines(): number {
    return this.#refusedLines
  }

  /** Input or output broke off other than by being closed: there may have been more to send, or to tell. */
  get failed(): boolean {
    return this.#failed
  }

  /** Once the node has started. */
  begin(): void {
    this.#sayReady()
    this.#intake.start()
  }

  /** The node has other codecs. */
  reconfigured(payloadBytesMax: number): void {
    this.#intake.limit(payloadBytesMax)
  }

  /** The node is to stop: no more input. */
  end(): void {
    this.#intake.close()
  }

  /** Once the node has stopped: the reader gets what is left. */
  async close(deadlineMs: number): Promise<void> {
    const flushed = await this.#output.flushed(deadlineMs)
    if (!flushed && !this.#output.isGone) {
      this.#logger.warn(
        {},
        `stdout was not read within ${durationText(deadlineMs)}: lines are lost`,
      )
    }
    const { leftOut } = this.#output
    if (leftOut > 0) {
      this.#logger.warn(
        { lines: leftOut },
        `stdout was not read: ${String(leftOut)} lines left out`,
      )
    }
  }

  // ── what the node tells ─────────────────────────────────────────────────────────────────────────────────────

  #hear(): void {
    const output = this.#output
    const node = this.#node
    node
      .on('message', this.#message)
      .on('link', (change) => {
        // The first change comes before `start` has resolved, when the node listens already.
        this.#sayReady()
        // A link that the table has only had since: it must not fill an output that nobody reads.
        if (this.#slow && change.state !== 'closed') {
          this.#hold(node.links().find(({ id }) => id === change.link))
        }
        output.writeIfRoom(linkLine(change))
      })
      .on('outcome', (event) => {
        // Of a message that an operator has sent by hand.
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
    this.#output.write(this.#messages.of(message))
  }

  #sayReady(): void {
    if (this.#ready) return
    this.#ready = true
    this.#output.write(readyLine(this.#node.config.name, this.#node.listening))
  }

  #refused(error: LineError): void {
    this.#refusedLines++
    this.#output.write(errorLine(error))
  }

  // ── a reader that is slow, or gone ──────────────────────────────────────────────────────────────────────────

  #hold(link: LinkHandle | undefined): void {
    if (link !== undefined && !this.#held.has(link)) this.#held.set(link, link.hold())
  }

  #outputSlow(): void {
    this.#slow = true
    for (const link of this.#node.links()) this.#hold(link)
    this.#intake.hold()
  }

  #outputRelieved(): void {
    this.#slow = false
    for (const release of this.#held.values()) release()
    this.#held.clear()
    this.#intake.unhold()
  }

  /** As the end of input; who keeps open goes on sending, and what is received then is unheard, and counted so. */
  #outputGone(error: Error): void {
    this.#node.off('message', this.#message)
    if (!isHangUp(error)) {
      this.#failed = true
      this.#logger.error({ err: error }, `stdout failed: ${error.message}`)
    }
    if (this.#options.keepOpen) {
      this.#logger.warn({}, 'stdout is gone: what is received is not heard any more')
      return
    }
    this.#logger.info({}, 'stdout is gone: ending as at the end of input')
    this.#intake.close()
    void this.#drain()
  }

  /** Gives what was accepted the time to be sent. */
  async #drain(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    const { drainMs } = this.#options
    const settled = await this.#node.settled({ deadlineMs: drainMs })
    if (!settled) {
      this.#logger.warn({}, `not everything could be sent within ${durationText(drainMs)}`)
    }
    this.#finish()
  }
}

/** The reader has closed its end, which is its right. */
function isHangUp(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE'
}
