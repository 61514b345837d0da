import { channel } from 'node:diagnostics_channel'
import type { LinkChange, Node, TrafficMessage } from '@commloop/core'

/** The messages of each channel. `node` is the name of the node. */
export interface DiagnosticMessages {
  'commloop:message:received': { readonly node: string; readonly message: TrafficMessage }
  'commloop:message:sent': { readonly node: string; readonly message: TrafficMessage }
  'commloop:link:state': { readonly node: string; readonly change: LinkChange }
}

/** The names of the channels. */
export const DIAGNOSTIC_CHANNELS = {
  received: 'commloop:message:received',
  sent: 'commloop:message:sent',
  state: 'commloop:link:state',
} as const satisfies Record<string, keyof DiagnosticMessages>

/** How often to look for subscribers, because `node:diagnostics_channel` does not report new ones. */
const LOOK_MS = 1_000

/**
 * Publishes the messages and link changes of a node on `node:diagnostics_channel`. Without subscribers, messages do not
 * cost anything. A subscriber that is added before the node starts receives everything. A later one is detected at the
 * next change of a link, and at the latest after a second.
 *
 * @example
 * const channels = new DiagnosticChannels(node)
 * await node.start()
 */
export class DiagnosticChannels {
  readonly #node: Node
  readonly #received = channel(DIAGNOSTIC_CHANNELS.received)
  readonly #sent = channel(DIAGNOSTIC_CHANNELS.sent)
  readonly #state = channel(DIAGNOSTIC_CHANNELS.state)
  readonly #timer: NodeJS.Timeout
  #watching = false

  constructor(node: Node) {
    this.#node = node
    node.on('link', this.#changed)
    this.#look()
    this.#timer = setInterval(() => {
      this.#look()
    }, LOOK_MS).unref()
  }

  #look(): void {
    const wanted = this.#received.hasSubscribers || this.#sent.hasSubscribers
    if (wanted === this.#watching) return
    this.#watching = wanted
    if (wanted) this.#node.on('traffic', this.#published)
    else this.#node.off('traffic', this.#published)
  }

  readonly #changed = (change: LinkChange): void => {
    this.#look()
    if (this.#state.hasSubscribers) this.#state.publish({ node: this.#node.config.name, change })
  }

  readonly #published = (message: TrafficMessage): void => {
    const target = message.direction === 'sent' ? this.#sent : this.#received
    if (target.hasSubscribers) target.publish({ node: this.#node.config.name, message })
  }

  /** Stops publishing. */
  close(): void {
    clearInterval(this.#timer)
    this.#node.off('link', this.#changed)
    this.#node.off('traffic', this.#published)
  }
}
