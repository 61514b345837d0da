import { channel } from 'node:diagnostics_channel'
import type { LinkChange, Node, TrafficMessage } from '@commloop/core'

/** What is published, by channel; `node` is the name of the node. */
export interface DiagnosticMessages {
  'commloop:message:received': { readonly node: string; readonly message: TrafficMessage }
  'commloop:message:sent': { readonly node: string; readonly message: TrafficMessage }
  'commloop:link:state': { readonly node: string; readonly change: LinkChange }
}

export const DIAGNOSTIC_CHANNELS = {
  received: 'commloop:message:received',
  sent: 'commloop:message:sent',
  state: 'commloop:link:state',
} as const satisfies Record<string, keyof DiagnosticMessages>

/** Nobody tells when the first subscriber comes. */
const LOOK_MS = 1_000

/**
 * Publishes what passes in a node on `node:diagnostics_channel`. Messages cost the node nothing while nobody subscribes:
 * only then does it listen to them. Subscribers that come before the node starts see everything; later ones are noticed
 * at the next change of a link, and within a second.
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

  close(): void {
    clearInterval(this.#timer)
    this.#node.off('link', this.#changed)
    this.#node.off('traffic', this.#published)
  }
}
