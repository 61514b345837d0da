import type { Link } from '../link/link.js'

/** Up to this number, comparing with each link is faster than a set. */
const COMPARED_MAX = 16

/**
 * The links that one message goes to, each once. Reused for every message and never shrunk: setting an array's length to
 * 0 would free its memory only to allocate it again.
 */
export class TargetSet {
  #count = 0
  readonly #links: Link[] = []
  readonly #epochs: number[] = []
  /** The same links, once there are many. */
  readonly #many = new Set<Link>()

  get count(): number {
    return this.#count
  }

  clear(): void {
    this.#count = 0
    if (this.#many.size > 0) this.#many.clear()
  }

  /** `epoch` 0: over any connection. A link that is in the set already keeps its epoch. */
  add(link: Link, epoch: number): void {
    if (this.#has(link)) return
    this.#links[this.#count] = link
    this.#epochs[this.#count] = epoch
    this.#count++
    if (this.#count >= COMPARED_MAX) this.#addToMany(link)
  }

  #has(link: Link): boolean {
    if (this.#many.size > 0) return this.#many.has(link)
    for (let at = 0; at < this.#count; at++) if (this.#links[at] === link) return true
    return false
  }

  #addToMany(link: Link): void {
    if (this.#many.size > 0) this.#many.add(link)
    else for (let at = 0; at < this.#count; at++) this.#many.add(this.link(at))
  }

  link(at: number): Link {
    const link = this.#links[at]
    if (link === undefined || at >= this.#count) throw new Error('targets: no such target')
    return link
  }

  epoch(at: number): number {
    return this.#epochs[at] ?? 0
  }
}
