import type { Link } from '../link/link.js'

/**
 * The links that one message goes to, each once. Used again for every message, and never shrunk: emptying an array
 * by its length would give its memory back only to ask for it again.
 */
export class Targets {
  #count = 0
  readonly #links: Link[] = []
  readonly #epochs: number[] = []

  get count(): number {
    return this.#count
  }

  clear(): void {
    this.#count = 0
  }

  /** `epoch` 0: over any connection. A link that is there already stays as it was. */
  add(link: Link, epoch: number): void {
    for (let at = 0; at < this.#count; at++) if (this.#links[at] === link) return
    this.#links[this.#count] = link
    this.#epochs[this.#count] = epoch
    this.#count++
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
