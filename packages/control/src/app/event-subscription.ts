import type { Node, NodeEvents, TrafficMessage } from '@commloop/core'
import { isControlId } from '../json/control-id.js'
import {
  auditLine,
  linkLine,
  outcomeLine,
  readyLine,
  rejectedLine,
  trafficLine,
  warningLine,
} from '../json/event-json.js'
import type { MessageFields } from '../json/message-fields.js'
import { CONTROL_LIMITS } from './control-limits.js'
import type { EventType } from './event-types.js'
import { SseStream } from './sse-stream.js'

export interface SubscriptionRequest {
  readonly types: ReadonlySet<EventType>
  /** Selects events by their link. Events without a link are always included. */
  readonly includes: (link: string) => boolean
  /** True: include the payload of each message; false: only its length; else its fields, if its link has them. */
  readonly payloads: boolean | MessageFields
}

const WINDOW_MS = 100
const PER_WINDOW = (CONTROL_LIMITS.messagesPerSecond * WINDOW_MS) / 1000

/** Streams the events of a node to one client, from now until the client disconnects or the node has stopped. */
export class EventSubscription {
  readonly stream: SseStream
  readonly #request: SubscriptionRequest
  readonly #unsubscribe: (() => void)[] = []
  #windowStartMs = 0
  #inWindow = 0

  /**
   * @param closed called once, when the stream has ended or the client has disconnected
   * @param stalled called when the client does not read: it must disconnect the client
   */
  constructor(node: Node, request: SubscriptionRequest, closed: () => void, stalled: () => void) {
    this.#request = request
    this.stream = new SseStream(() => {
      for (const unsubscribe of this.#unsubscribe) unsubscribe()
      closed()
    }, stalled)
    this.stream.push(
      'ready',
      withoutLineEnd(readyLine(node.config.name, node.listening, node.listeners)),
    )
    const { includes } = request
    this.#on(node, 'link', 'link', (change) =>
      includes(change.link) ? linkLine(change) : undefined,
    )
    this.#on(node, 'outcome', 'outcome', (event) => {
      const excluded = event.link !== undefined && !includes(event.link)
      return excluded || isControlId(event.id) ? undefined : outcomeLine(event)
    })
    this.#on(node, 'rejected', 'rejected', rejectedLine)
    this.#on(node, 'audit', 'audit', auditLine)
    this.#on(node, 'warning', 'warning', warningLine)
    this.#on(node, 'message', 'traffic', (message) => this.#messageLine(message))
  }

  /** Ends the stream with the event `end`: the node has stopped. */
  end(): void {
    this.stream.end('end', '{"type":"end"}')
  }

  #on<Name extends keyof NodeEvents>(
    node: Node,
    type: EventType,
    name: Name,
    lineOf: (event: NodeEvents[Name]) => string | undefined,
  ): void {
    if (!this.#request.types.has(type)) return
    const listener = (event: NodeEvents[Name]): void => {
      const line = lineOf(event)
      if (line !== undefined) this.stream.push(type, withoutLineEnd(line))
    }
    node.on(name, listener)
    this.#unsubscribe.push(() => node.off(name, listener))
  }

  /** There may be far more messages than a client can read. A message that is left out is counted, not formatted. */
  #messageLine(message: TrafficMessage): string | undefined {
    const { includes, payloads } = this.#request
    if (!includes(message.link)) return undefined
    if (this.stream.full || !this.#withinRate()) {
      this.stream.missed(1)
      return undefined
    }
    const { id, ...unnamed } = message
    return trafficLine(isControlId(id) ? unnamed : message, payloads)
  }

  #withinRate(): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = nowMs
      this.#inWindow = 0
    }
    this.#inWindow++
    return this.#inWindow <= PER_WINDOW
  }
}

function withoutLineEnd(line: string): string {
  return line.slice(0, -1)
}
