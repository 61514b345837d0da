import type { Release } from '../link/intake.js'
import type { Link } from '../link/link.js'

/** What makes a relay wait: the outbox of a link, or the messages that wait for a route. */
export type PressureSource = Link | 'routing'

/**
 * Backpressure of a relay: while a target is above its mark, the node does not read the links whose messages go there.
 * TCP then makes their peers wait, and the node does not lose their messages.
 */
export class RelayBackpressure {
  readonly #heldBy = new Map<PressureSource, Set<Link>>()
  readonly #holding = new Map<
    Link,
    { readonly targets: Set<PressureSource>; readonly release: Release }
  >()

  hold(source: Link, target: PressureSource): void {
    setOf(this.#heldBy, target).add(source)
    const holding = this.#holding.get(source)
    if (holding === undefined) {
      this.#holding.set(source, { targets: new Set([target]), release: source.hold() })
    } else holding.targets.add(target)
  }

  /** The target has room again. */
  release(target: PressureSource): void {
    const sources = this.#heldBy.get(target)
    if (sources === undefined) return
    this.#heldBy.delete(target)
    for (const source of sources) {
      const holding = this.#holding.get(source)
      holding?.targets.delete(target)
      if (holding?.targets.size !== 0) continue
      this.#holding.delete(source)
      holding.release()
    }
  }
}

function setOf<Key, Value>(map: Map<Key, Set<Value>>, key: Key): Set<Value> {
  const known = map.get(key)
  if (known !== undefined) return known
  const set = new Set<Value>()
  map.set(key, set)
  return set
}
