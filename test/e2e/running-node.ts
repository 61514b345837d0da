import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliProcess, type ExitStatus, type OutputLine } from '@commloop/test-support/cli-process'
import { testFolder } from '@commloop/test-support/test-folder'
import { DEADLINE_MS, eventually } from '../peer/eventually.js'

export interface NodeStart {
  /** More files in the folder of the configuration: routers, packages. */
  readonly files?: Readonly<Record<string, unknown>>
  /** More arguments of `run --stdio`. */
  readonly args?: readonly string[]
  /** The working folder of the command; default: that of the tests. */
  readonly cwd?: string
  /** The commloop to start; default: that of this repository. */
  readonly bin?: string
  /** A command that replaces itself with the process, such as `prlimit --nofile=64:64`. */
  readonly within?: readonly string[]
  /** false: a plain `run`, whose only output is its log. */
  readonly stdio?: boolean
}

export interface LinkEvent extends OutputLine {
  readonly link: string
  readonly state: string
  readonly epoch: number
  readonly remote?: string
  readonly reason?: string
  readonly attempt?: number
  readonly delayMs?: number
}

export interface OutcomeEvent extends OutputLine {
  readonly id?: string
  readonly outcome: 'written' | 'expired' | 'dropped' | 'undeliverable'
  readonly link?: string
  readonly reason?: string
  readonly count?: number
}

export interface ErrorEvent extends OutputLine {
  readonly code: string
  readonly message: string
  readonly line: number
  readonly id?: string
}

export interface Received {
  readonly link: string
  readonly epoch: number
  readonly payload: Buffer
}

export interface SendFields {
  readonly to?: unknown
  readonly id?: string
  readonly ttl?: string | number
}

/** The text of the node's last log line. */
export interface FinalCounters {
  readonly accepted: number
  readonly routing: number
  readonly routed: number
  readonly dropped: number
  readonly undeliverable: number
  readonly expired: number
  readonly copies: number
  readonly refused: number
  readonly lateAnswers: number
  readonly rejected: Readonly<Record<string, number>>
}

/**
 * A `commloop run --stdio` in a separate process, with all its output so far. Its configuration is the text of a
 * `.commlooprc`, so that a test shows what a user would write.
 */
export class RunningNode {
  readonly process: CliProcess
  /** The path of its configuration. */
  readonly folder: string
  readonly #events: OutputLine[] = []
  readonly #messages: Received[] = []
  #parsedLines = 0
  #port: number | undefined

  private constructor(process: CliProcess, folder: string) {
    this.process = process
    this.folder = folder
  }

  /** Starts it and waits until it is `ready`, or without --stdio until it listens. */
  static async start(config: string, start: NodeStart = {}): Promise<RunningNode> {
    const folder = testFolder({ '.commlooprc': config, ...start.files })
    return RunningNode.startIn(folder, start)
  }

  /** The same with an existing folder, for a node that starts again. */
  static async startIn(folder: string, start: NodeStart = {}): Promise<RunningNode> {
    const file = join(folder, '.commlooprc')
    const stdio = start.stdio ?? true
    const args = ['run', ...(stdio ? ['--stdio'] : []), '--config', file, ...(start.args ?? [])]
    const { bin, cwd, within } = start
    const process = CliProcess.start(args, {
      ...(bin === undefined ? {} : { bin }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(within === undefined ? {} : { within }),
    })
    const node = new RunningNode(process, folder)
    if (stdio) {
      const ready = await node.#first('ready', (event) => event.type === 'ready')
      node.#port = (ready['listen'] as { readonly port: number } | undefined)?.port
    } else {
      const line = await process.log(({ listen }) => listen !== undefined, DEADLINE_MS)
      node.#port = (line['listen'] as { readonly port: number }).port
    }
    return node
  }

  // ── its output ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Every line of stdout so far. @throws if a line is not JSON */
  get events(): readonly OutputLine[] {
    const lines = this.process.stdoutLines
    for (; this.#parsedLines < lines.length; this.#parsedLines++) {
      const event = JSON.parse(lines[this.#parsedLines] ?? '') as OutputLine
      if (event.type === 'message') this.#messages.push(receivedOf(event))
      this.#events.push(event)
    }
    return this.#events
  }

  /** The messages received so far, of one link or of all links. */
  messages(link?: string): Received[] {
    if (this.events.length === 0) return []
    return this.#messages.filter((message) => link === undefined || message.link === link)
  }

  texts(link?: string): string[] {
    return this.messages(link).map(({ payload }) => payload.toString())
  }

  linkEvents(link: string): LinkEvent[] {
    return this.#ofType<LinkEvent>('link').filter((event) => event.link === link)
  }

  /** The states of a link so far, with their epochs: `up 1`. */
  states(link: string): string[] {
    return this.linkEvents(link).map(({ state, epoch }) => `${state} ${String(epoch)}`)
  }

  outcomes(): OutcomeEvent[] {
    return this.#ofType<OutcomeEvent>('outcome')
  }

  errors(): ErrorEvent[] {
    return this.#ofType<ErrorEvent>('error')
  }

  #ofType<Event extends OutputLine>(type: string): Event[] {
    return this.events.filter((event): event is Event => event.type === type)
  }

  /** The address where it listens. */
  get port(): number {
    if (this.#port === undefined) throw new Error('this node does not listen')
    return this.#port
  }

  // ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Waits until its output has something. */
  until<Found>(what: string, look: () => Found | undefined | false, deadlineMs?: number) {
    return eventually(
      what,
      () => {
        if (this.process.hasEnded) return look() || endedTooSoon(what, this.process)
        return look()
      },
      () => this.process.transcript(),
      deadlineMs,
    )
  }

  #first<Event extends OutputLine>(
    what: string,
    matches: (event: Event) => boolean,
  ): Promise<Event> {
    let at = 0
    return this.until(what, () => {
      const { events } = this
      for (; at < events.length; at++) {
        const event = events[at] as Event
        if (matches(event)) return event
      }
      return undefined
    })
  }

  /** The first event with which the link entered this state, in this epoch if one is given. */
  link(link: string, state: string, epoch?: number): Promise<LinkEvent> {
    const what = `"${link}" ${state}${epoch === undefined ? '' : ` in epoch ${String(epoch)}`}`
    return this.#first<LinkEvent>(
      what,
      (event) =>
        event.type === 'link' &&
        event.link === link &&
        event.state === state &&
        (epoch === undefined || event.epoch === epoch),
    )
  }

  /** Waits for this number of messages of the link. Returns all that have arrived. */
  received(link: string, count: number, deadlineMs?: number): Promise<Received[]> {
    const enough = (): Received[] | undefined => {
      const messages = this.messages(link)
      return messages.length >= count ? messages : undefined
    }
    return this.until(`${String(count)} messages of "${link}"`, enough, deadlineMs)
  }

  outcome(id: string): Promise<OutcomeEvent> {
    return this.#first<OutcomeEvent>(
      `the outcome of ${id}`,
      (event) => event.type === 'outcome' && event.id === id,
    )
  }

  rejected(matches: (event: OutputLine) => boolean): Promise<OutputLine> {
    return this.#first('a rejection', (event) => event.type === 'rejected' && matches(event))
  }

  error(matches: (event: ErrorEvent) => boolean): Promise<ErrorEvent> {
    return this.#first<ErrorEvent>(
      'an error line',
      (event) => event.type === 'error' && matches(event),
    )
  }

  // ── acting ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Text as `payload`, bytes as `base64`. @returns false if the process does not read its input fast enough */
  send(payload: string | Uint8Array, fields: SendFields = {}): boolean {
    const content =
      typeof payload === 'string'
        ? { payload }
        : { base64: Buffer.from(payload).toString('base64') }
    return this.process.send({ ...content, ...fields })
  }

  /** Waits until everything sent so far was accepted or refused. `marker` must be new in each call. */
  async inputRead(marker = 'marker'): Promise<void> {
    this.send('', { to: 'no such link', id: marker })
    await this.error(({ id }) => id === marker)
  }

  /** Resident memory now, in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${String(this.process.pid)}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }

  /** The largest resident memory so far, in bytes. */
  get residentBytesMax(): number {
    const status = readFileSync(`/proc/${String(this.process.pid)}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }

  /** Bytes that it has read from files, pipes and sockets. */
  get readBytes(): number {
    const io = readFileSync(`/proc/${String(this.process.pid)}/io`, 'utf8')
    return Number(/^rchar: (\d+)$/m.exec(io)?.[1])
  }

  /** Requests a stop and waits for the end of the process. */
  async stop(): Promise<FinalCounters & { readonly status: ExitStatus }> {
    this.process.kill('SIGTERM')
    return this.ended()
  }

  /** Waits for the end of the process, and returns its counters. */
  async ended(): Promise<FinalCounters & { readonly status: ExitStatus }> {
    const status = await this.process.exit(DEADLINE_MS)
    const line = await this.process.log(({ msg }) => msg === 'stopped')
    return { ...(line['counters'] as FinalCounters), status }
  }
}

function endedTooSoon(what: string, process: CliProcess): never {
  throw new Error(`the node has ended before: ${what}\n${process.transcript()}`)
}

function receivedOf(event: OutputLine): Received {
  const { link, epoch, base64, payload } = event as OutputLine & {
    readonly link: string
    readonly epoch: number
    readonly base64?: string
    readonly payload?: string
  }
  const bytes = base64 === undefined ? Buffer.from(payload ?? '') : Buffer.from(base64, 'base64')
  return { link, epoch, payload: bytes }
}
