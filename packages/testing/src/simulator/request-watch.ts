import { CommloopError, type LinkChange, type Node, type ReceivedMessage } from '@commloop/core'
import type { LinkWatch } from './link-watch.js'
import type { Marker } from './marker.js'
import type { SentMessage } from './message-book.js'
import type { World } from './world.js'

/** How a request ends, by the names of the counters. */
type RequestEnd = 'answered' | 'timedOut' | 'linkDown' | 'aborted' | 'refused'

/** How a request of a simulated node is asked. */
export interface RequestPlanned {
  readonly timeoutMs: number
  readonly keyed: boolean
  /** Undefined: it is not aborted. */
  readonly abortAfterMs: number | undefined
}

/** One request, and what the simulation knows of it. */
interface AskedRequest {
  readonly message: SentMessage
  readonly link: string
  readonly epoch: number
  readonly keyed: boolean
  readonly askedMs: number
  readonly dueMs: number
  readonly timeoutMs: number
  /** Numbers of the messages that arrived over its connection while it could be answered, with the time. */
  readonly arrived: Map<number, number>
  /** Messages that have arrived and can be its late answer: with a key, its answers; else all after its wait. */
  late: number
  /** What the simulation has made happen to it; undefined: nothing yet. */
  cause: 'linkDown' | 'aborted' | undefined
  causeMs: number
  end: RequestEnd | undefined
}

/** A late answer is expected for half a timeout. */
const LATE_SHARE = 0.5

/**
 * Checks the requests of one process: each ends once, with the right answer or for a reason that the simulation knows,
 * and the counters agree. It sees the payloads in the event `traffic`, because an answer is not a `message`.
 */
export class RequestWatch {
  readonly #name: string
  readonly #node: Node
  readonly #world: World
  readonly #asked = new Map<number, AskedRequest>()
  readonly #open = new Set<AskedRequest>()
  /** Those without a key whose answer, also a late one, may still come. */
  readonly #keyless = new Set<AskedRequest>()
  readonly #ends = { answered: 0, timedOut: 0, linkDown: 0, aborted: 0, refused: 0 }
  /** One function for all requests, as its documentation asks for. */
  readonly #keyOf = (payload: Uint8Array): number | undefined => {
    const message = this.#world.book.find(payload)
    return message?.answerTo ?? message?.number
  }

  constructor(name: string, node: Node, world: World) {
    this.#name = name
    this.#node = node
    this.#world = world
  }

  ask(message: SentMessage, watch: LinkWatch, planned: RequestPlanned): void {
    const { clock } = this.#world
    const { timeoutMs, keyed, abortAfterMs } = planned
    const abort = new AbortController()
    const { id: link, epoch, state } = watch.handle
    const inLine = !keyed && [...this.#open].some((one) => one.link === link && !one.keyed)
    if (inLine) this.#world.markers.seen('request waited in line')
    const request: AskedRequest = {
      message,
      link,
      epoch,
      keyed,
      askedMs: clock.now(),
      dueMs: clock.now() + timeoutMs,
      timeoutMs,
      arrived: new Map(),
      late: 0,
      cause: state === 'up' ? undefined : 'linkDown',
      causeMs: clock.now(),
      end: undefined,
    }
    this.#asked.set(message.number, request)
    this.#open.add(request)
    if (!keyed) this.#keyless.add(request)
    this.#world.trace.note(this.#name, 'request', message.number)
    const options = { to: link, timeout: timeoutMs, signal: abort.signal }
    const answer = this.#node.request(
      message.payload,
      keyed ? { ...options, key: this.#keyOf } : options,
    )
    // A copy that is never sent is never looked for. When a request without a key is sent, only the node knows.
    watch.given(message, epoch, keyed)
    this.#world.promised = true
    answer.then(
      (received) => {
        this.#answered(request, received)
      },
      (error: unknown) => {
        this.#failed(request, error)
      },
    )
    if (abortAfterMs === undefined) return
    clock.after(abortAfterMs, () => {
      if (!this.#open.has(request)) return
      this.#caused(request, 'aborted')
      abort.abort()
    })
  }

  /** A payload arrives, before the node decides what it is. */
  arrives({ payload, link, epoch }: ReceivedMessage): void {
    const { book, clock } = this.#world
    const message = book.find(payload)
    if (message === undefined) return
    this.#countLate(message, link, epoch)
    for (const request of this.#open) {
      if (request.link !== link || request.epoch !== epoch || request.cause !== undefined) continue
      // Whatever arrives before the request is written cannot be the answer.
      if (!request.keyed && !request.message.encoded) continue
      if (request.arrived.has(message.number)) continue
      request.arrived.set(message.number, clock.now())
      this.#world.promised = true
    }
  }

  #countLate({ answerTo }: SentMessage, link: string, epoch: number): void {
    const nowMs = this.#world.clock.now()
    const answered = answerTo === undefined ? undefined : this.#asked.get(answerTo)
    if (answered?.keyed === true) answered.late++
    for (const request of this.#keyless) {
      if (nowMs >= lateUntilMs(request)) this.#keyless.delete(request)
      else if (request.link !== link || request.epoch !== epoch) continue
      else if (request.cause === 'aborted' || nowMs >= request.dueMs) request.late++
    }
  }

  /** A link changes its state. */
  changed({ link, state, epoch }: LinkChange): void {
    for (const request of this.#open) {
      if (request.link !== link) continue
      const isOver = state !== 'up' && state !== 'draining'
      if (isOver || epoch !== request.epoch) this.#caused(request, 'linkDown')
    }
  }

  #caused(request: AskedRequest, cause: 'linkDown' | 'aborted'): void {
    request.cause ??= cause
    if (request.cause === cause) request.causeMs = this.#world.clock.now()
    this.#world.promised = true
  }

  // ── the ends ────────────────────────────────────────────────────────────────────────────────────────────────

  #ended(request: AskedRequest, end: RequestEnd): void {
    const { markers, trace } = this.#world
    trace.note(this.#name, `request ${end}`, request.message.number)
    if (request.end !== undefined) this.#wrong(request, `ended as ${end} after ${request.end}`)
    request.end = end
    this.#ends[end]++
    this.#open.delete(request)
    markers.seen(END_MARKERS[end])
  }

  #answered(request: AskedRequest, { payload, link, epoch }: ReceivedMessage): void {
    this.#ended(request, 'answered')
    const answer = this.#world.book.find(payload)
    // A stranger may fill a passing link, and whatever it sends is the next message.
    if (answer === undefined && !request.keyed) return
    const arrivedMs = answer === undefined ? undefined : request.arrived.get(answer.number)
    if (answer === undefined || arrivedMs === undefined) {
      this.#wrong(request, 'was answered by a message that did not arrive while it could be')
      return
    }
    if (link !== request.link || epoch !== request.epoch) this.#wrong(request, 'of another link')
    if (request.keyed && answer.answerTo !== request.message.number) {
      this.#wrong(request, `got the answer to ${String(answer.answerTo)}`)
    }
    const other = answer.answerTo === undefined ? undefined : this.#asked.get(answer.answerTo)
    if (other !== undefined && other !== request) this.#checkOther(request, other, arrivedMs)
  }

  /** A request without a key got the answer to another one. */
  #checkOther(request: AskedRequest, other: AskedRequest, arrivedMs: number): void {
    // Nothing more was expected of the other one.
    if (other.end === 'answered' || other.late > 1 || other.epoch !== request.epoch) return
    if (this.#node.config.routingMessagesMax < ROOMY || arrivedMs >= lateUntilMs(other)) return
    this.#wrong(request, `got the answer to ${String(other.message.number)} too early`)
  }

  #failed(request: AskedRequest, error: unknown): void {
    const end = endOf(error)
    this.#ended(request, end)
    const { cause, message, dueMs, askedMs } = request
    const nowMs = this.#world.clock.now()
    if (end === 'aborted' && cause !== 'aborted') this.#wrong(request, 'was aborted by none')
    if (end === 'timedOut') {
      if (nowMs < dueMs) this.#wrong(request, 'timed out too early')
      this.#checkUnanswered(request)
    }
    // A link that is closing no longer takes requests, and those in line end with it.
    const mayBeDown = cause === 'linkDown' || nowMs === askedMs || !request.keyed
    if (end === 'linkDown' && !mayBeDown) this.#wrong(request, 'lost a connection that is there')
    if (end !== 'refused' || !CommloopError.is(error)) return
    message.refused = true
    const { code } = error
    const known = REFUSALS.has(code) && (code !== 'CML_ERR_PAYLOAD_INVALID' || message.poisoned)
    if (!known) this.#wrong(request, `was refused with ${code}`)
  }

  /** No answer that had to be taken has arrived in time. */
  #checkUnanswered(request: AskedRequest): void {
    if (!request.keyed) return
    for (const [number, arrivedMs] of request.arrived) {
      const answer = this.#world.book.messages[number]
      if (answer?.answerTo !== request.message.number || arrivedMs >= request.dueMs) continue
      this.#wrong(request, `timed out although ${String(number)} had arrived in time`)
    }
  }

  // ── the counters ────────────────────────────────────────────────────────────────────────────────────────────

  /** The equation is written out here, and not taken from core. */
  check(): void {
    const { asked, waiting, answered, timedOut, linkDown, aborted, refused } =
      this.#node.counters.requests
    const ends = answered + timedOut + linkDown + aborted + refused
    if (asked !== waiting + ends || asked !== this.#asked.size) {
      this.#world.violated(
        this.#name,
        `ledger: ${String(this.#asked.size)} requests, ${String(asked)} counted, ${String(waiting)} waiting, ${String(ends)} ended`,
      )
    }
  }

  /** The node has stopped. The callers are told soon. */
  stopped(): void {
    if (this.#node.counters.requests.waiting > 0) {
      this.#world.violated(this.#name, 'requests wait after stop')
    }
    this.#world.promised = true
    this.#world.endedRequests.push(this)
  }

  /** All callers have been told: each end was counted as what it was. */
  checkEnds(): void {
    const { requests } = this.#node.counters
    for (const [end, count] of Object.entries(this.#ends) as [RequestEnd, number][]) {
      if (requests[end] === count) continue
      const text = `${String(count)} requests ended as ${end}, ${String(requests[end])} counted`
      this.#world.violated(this.#name, text)
    }
    for (const request of this.#open) this.#wrong(request, 'never ended')
    this.#world.markers.seen('late answer', requests.lateAnswers)
  }

  #wrong({ message, link }: AskedRequest, what: string): void {
    this.#world.violated(this.#name, `request ${String(message.number)} to ${link} ${what}`)
  }
}

/** A node with so much room remembers every late answer. */
const ROOMY = 1_000

function lateUntilMs({ dueMs, timeoutMs }: AskedRequest): number {
  return dueMs + timeoutMs * LATE_SHARE
}

const END_MARKERS: Readonly<Record<RequestEnd, Marker>> = {
  answered: 'request answered',
  timedOut: 'request timed out',
  linkDown: 'request lost its connection',
  aborted: 'request aborted',
  refused: 'request refused',
}

const REFUSALS: ReadonlySet<string> = new Set([
  'CML_ERR_NOT_RUNNING',
  'CML_ERR_OUTBOX_FULL',
  'CML_ERR_PAYLOAD_INVALID',
  'CML_ERR_ROUTING_FULL',
])

function endOf(error: unknown): RequestEnd {
  if (!CommloopError.is(error)) {
    return error instanceof Error && error.name === 'AbortError' ? 'aborted' : 'refused'
  }
  if (error.code === 'CML_ERR_REQUEST_TIMEOUT') return 'timedOut'
  return error.code === 'CML_ERR_LINK_DOWN' ? 'linkDown' : 'refused'
}
