import type { Random } from '@commloop/core'

const INT_MAX = 2 ** 32
const FNV_PRIME = 0x01000193
const FNV_OFFSETS = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b] as const
/** The reference implementation discards this many values after seeding, so that every bit depends on every other. */
const WARM_UP_ROUNDS = 15

/**
 * Random numbers that are repeatable from a seed. Do not use them for secrets.
 *
 * The generator is sfc32, "small fast counting", by Chris Doty-Humphrey (PractRand, public domain): 128 bits of
 * state, a period of at least 2^32 from every seed and 2^127 on average. Seeds are spread over the state with
 * FNV-1a (Fowler, Noll, Vo) and the finalizer of MurmurHash3 (Austin Appleby, public domain).
 */
export class SeededRandom implements Random {
  /** The seed, with which the same numbers can be drawn again. The number 7 and the text `7` are the same seed. */
  readonly seed: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number | string) {
    this.seed = String(seed)
    this.#a = hash(this.seed, FNV_OFFSETS[0])
    this.#b = hash(this.seed, FNV_OFFSETS[1])
    this.#c = hash(this.seed, FNV_OFFSETS[2])
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.#bits()
  }

  /** 0 <= x < 1, in steps of 2^-32. */
  next(): number {
    return this.#bits() / INT_MAX
  }

  /** A whole number, 0 <= n < `max`. @throws RangeError if `max` is not a whole number from 1 to 2^32 */
  int(max: number): number {
    if (!Number.isInteger(max) || max < 1 || max > INT_MAX) {
      throw new RangeError(`random: ${String(max)} is not a whole number from 1 to 2^32`)
    }
    return Math.floor(this.next() * max)
  }

  /** `min` <= x < `max`; `min` if both are equal. */
  between(min: number, max: number): number {
    return min + this.next() * (max - min)
  }

  /** One element of the list. @throws RangeError if the list is empty */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('random: nothing to pick from')
    return list[this.int(list.length)] as T
  }

  /** True with probability `p`. It always draws one number, so that `p` does not change later draws. */
  chance(p: number): boolean {
    return this.next() < p
  }

  /**
   * A separate generator. It depends only on the seed and the label, not on what was drawn here before, so that one
   * more draw in one part of a simulation does not change the other parts.
   */
  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${label}`)
  }

  #bits(): number {
    const out = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + out) | 0
    return out >>> 0
  }
}

function hash(text: string, offset: number): number {
  let hashed = offset
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    hashed = Math.imul(hashed ^ (unit & 0xff), FNV_PRIME)
    hashed = Math.imul(hashed ^ (unit >> 8), FNV_PRIME)
  }
  hashed = Math.imul(hashed ^ (hashed >>> 16), 0x85ebca6b)
  hashed = Math.imul(hashed ^ (hashed >>> 13), 0xc2b2ae35)
  return hashed ^ (hashed >>> 16)
}
