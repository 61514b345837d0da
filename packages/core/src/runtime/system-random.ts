import type { Random } from '../contracts/random.js'

/** `Math.random`, which is good enough for jitter. */
export class SystemRandom implements Random {
  next(): number {
    return Math.random()
  }
}
