import { isPair, isScalar, isSeq, type Node as YamlNode, type Pair, type YAMLMap } from 'yaml'

/**
 * Finds members of maps and positions in lists. The parser searches from the beginning each time, which takes quadratic
 * time for a file with thousands of mistakes.
 */
export class YamlIndex {
  readonly #pairs = new WeakMap<object, ReadonlyMap<string, Pair>>()
  readonly #positions = new WeakMap<object, ReadonlyMap<unknown, number>>()

  /** The first pair with this key. */
  pair(map: YAMLMap, key: string): Pair | undefined {
    let pairs = this.#pairs.get(map)
    if (pairs === undefined) {
      const found = new Map<string, Pair>()
      for (const pair of map.items) {
        const text = keyText(pair.key)
        if (!found.has(text)) found.set(text, pair)
      }
      pairs = found
      this.#pairs.set(map, pairs)
    }
    return pairs.get(key)
  }

  #position(list: { readonly items: readonly unknown[] }, item: unknown): number {
    let positions = this.#positions.get(list)
    if (positions === undefined) {
      positions = new Map(list.items.map((each, at) => [each, at]))
      this.#positions.set(list, positions)
    }
    return positions.get(item) ?? -1
  }

  /** The path of a node, from the nodes that contain it. */
  pathOf(around: readonly unknown[], node: unknown): (string | number)[] {
    const path: (string | number)[] = []
    for (const [depth, outer] of around.entries()) {
      const inner = around[depth + 1] ?? node
      if (isSeq(outer)) path.push(this.#position(outer, inner))
      else if (isPair(outer)) path.push(keyText(outer.key))
    }
    return path
  }
}

export function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key)
}

/** Offsets of keys that their map has already. */
export function repeatedKeys(map: YAMLMap): number[] {
  const seen = new Set<unknown>()
  const repeated: number[] = []
  for (const { key } of map.items) {
    if (!isScalar(key)) continue
    if (seen.has(key.value)) repeated.push((key as YamlNode).range?.[0] ?? 0)
    seen.add(key.value)
  }
  return repeated
}
