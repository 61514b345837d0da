import type { Node, NodeEvents, TrafficMessage } from '@commloop/core'
import {
  auditLine,
  linkLine,
  outcomeLine,
  readyLine,
  rejectedLine,
  trafficLine,
  warningLine,
} from '../json/event-json.js'
import { CONTROL_LIMITS } from './control-limits.js'
import { EventFeed } from './sse-stream.js'
import { isControlId } from '../json/control-id.js'

/** What a reader can ask for. `message` is both directions, and only on request. */
export const EVENT_TYPES = ['link', 'outcome', 'rejected', 'audit', 'warning', 'message'] as const

export type EventType = (typeof EVENT_TYPES)[number]

export interface WatchRequest {
  readonly types: ReadonlySet<EventType>
  /** Shows events of this link only; those of no link too. */
  readonly concerns: (link: string) => boolean
  /** Payloads are shown; otherwise only how long they are. */
  readonly payloads: boolean
}

const WINDOW_MS = 100
const PER_WINDOW = (CONTROL_LIMITS.messagesPerSecond * WINDOW_MS) / 1000

/** Tells one reader what happens in a node, from now until he has enough or the node has stopped. */
export class EventWatch {
  readonly feed: EventFeed
  readonly #request: WatchRequest
  readonly #leave: (() => void)[] = []
  #windowMs = 0
  #shown = 0

  constructor(node: Node, request: WatchRequest, closed: () => void) {
    this.#request = request
    this.feed = new EventFeed(() => {
      for (const leave of this.#leave) leave()
      closed()
    })
    this.feed.push('ready', bare(readyLine(node.config.name, node.listening)))
    const { concerns } = request
    this.#hear(node, 'link', 'link', (change) =>
      concerns(change.link) ? linkLine(change) : undefined,
    )
    this.#hear(node, 'outcome', 'outcome', (event) => {
      const elsewhere = event.link !== undefined && !concerns(event.link)
      return elsewhere || isControlId(event.id) ? undefined : outcomeLine(event)
    })
    this.#hear(node, 'rejected', 'rejected', rejectedLine)
    this.#hear(node, 'audit', 'audit', auditLine)
    this.#hear(node, 'warning', 'warning', warningLine)
    this.#hear(node, 'message', 'traffic', (message) => this.#messageLine(message))
  }

  /** The node has stopped. */
  end(): void {
    this.feed.end('end', '{"type":"end"}')
  }

  #hear<Name extends keyof NodeEvents>(
    node: Node,
    type: EventType,
    name: Name,
    lineOf: (event: NodeEvents[Name]) => string | undefined,
  ): void {
    if (!this.#request.types.has(type)) return
    const listener = (event: NodeEvents[Name]): void => {
      const line = lineOf(event)
      if (line !== undefined) this.feed.push(type, bare(line))
    }
    node.on(name, listener)
    this.#leave.push(() => node.off(name, listener))
  }

  /** Messages may be far more than anybody can read: what is not shown costs a number, not a text. */
  #messageLine(message: TrafficMessage): string | undefined {
    const { concerns, payloads } = this.#request
    if (!concerns(message.link)) return undefined
    if (this.feed.full || !this.#withinRate()) {
      this.feed.missed(1)
      return undefined
    }
    const { id, ...unnamed } = message
    return trafficLine(isControlId(id) ? unnamed : message, payloads)
  }

  #withinRate(): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#windowMs >= WINDOW_MS) {
      this.#windowMs = nowMs
      this.#shown = 0
    }
    this.#shown++
    return this.#shown <= PER_WINDOW
  }
}

/** Without its line end. */
function bare(line: string): string {
  return line.slice(0, -1)
}
