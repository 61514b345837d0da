import type { Random } from '../contracts/random.js'

/** Chance as the language has it: good enough for jitter, which is all that it is for. */
export class SystemRandom implements Random {
  next(): number {
    return Math.random()
  }
}
