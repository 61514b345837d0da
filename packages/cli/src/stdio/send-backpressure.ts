import type { LinkHandle, LinkState, Node, RouteTarget, SendOptions } from '@commloop/core'

/** The name under which the routing stage tells that it has room again. */
const ROUTING = '*'

/**
 * What input has to wait for: targets that are up and above their high-water mark. A link that is down is not
 * waited for, or one dead peer would hold up everybody else.
 */
export class TargetPressure {
  readonly #node: Node
  readonly #relieved: () => void
  readonly #full = new Set<string>()

  /** @param relieved nothing has to be waited for any more */
  constructor(node: Node, relieved: () => void) {
    this.#node = node
    this.#relieved = relieved
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
   * After a `send` that answered false.
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

  /** Where the router chose, any link may have been meant. */
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
    if (this.#full.delete(link) && this.#full.size === 0) this.#relieved()
  }
}

function isUp(state: LinkState): boolean {
  return state === 'up'
}

function isList(to: RouteTarget | readonly RouteTarget[]): to is readonly RouteTarget[] {
  return Array.isArray(to)
}
