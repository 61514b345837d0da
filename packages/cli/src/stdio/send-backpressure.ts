import type { LinkHandle, LinkState, Node, RouteTarget, SendOptions } from '@commloop/core'

/** `drain` has this value instead of a link id if the routing stage has room again. */
const ROUTING = '*'

/**
 * Decides whether input must wait: if a target link is up and above its high-water mark. Links that are down do not
 * count, because one dead peer would block the messages to all others.
 */
export class SendBackpressure {
  readonly #node: Node
  readonly #drained: () => void
  readonly #full = new Set<string>()

  /** @param drained called when input no longer has to wait */
  constructor(node: Node, drained: () => void) {
    this.#node = node
    this.#drained = drained
    node.on('drain', ({ link }) => {
      this.#remove(link)
    })
    node.on('link', ({ link, state }) => {
      if (!isUp(state)) this.#remove(link)
    })
  }

  get isFull(): boolean {
    return this.#full.size > 0
  }

  /**
   * Called after a `send` that returned false.
   *
   * @param waitsForRoute the message is in the routing stage
   */
  sent(to: SendOptions['to'], waitsForRoute: boolean): void {
    if (waitsForRoute) {
      this.#full.add(ROUTING)
      return
    }
    for (const link of this.#targets(to)) {
      if (isUp(link.state) && link.aboveHighWaterMark) this.#full.add(link.id)
    }
  }

  /** Without `to` the router has chosen: any link may be the target. */
  #targets(to: SendOptions['to']): readonly LinkHandle[] {
    if (to === undefined) return this.#node.links()
    return isList(to) ? to.flatMap((target) => this.#linksOf(target)) : this.#linksOf(to)
  }

  #linksOf(target: RouteTarget): readonly LinkHandle[] {
    const ref = typeof target === 'object' ? target.link : target
    if (typeof ref === 'string' && ref.endsWith('/*')) {
      const entry = ref.slice(0, -2)
      return this.#node.links().filter((link) => link.entry === entry)
    }
    return [this.#node.link(ref)]
  }

  #remove(link: string): void {
    if (this.#full.delete(link) && this.#full.size === 0) this.#drained()
  }
}

function isUp(state: LinkState): boolean {
  return state === 'up'
}

function isList(to: RouteTarget | readonly RouteTarget[]): to is readonly RouteTarget[] {
  return Array.isArray(to)
}
