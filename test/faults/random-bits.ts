/** xorshift32: repeats from its seed. */
export class RandomBits {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 1
  }

  next(): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return state >>> 0
  }

  below(limit: number): number {
    return this.next() % limit
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }
}
