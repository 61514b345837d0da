import { Clock, type Timer, use, useRouter } from '@commloop/core'
import { ManualClock } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'

/** Time passes within the call of the router, when a manual clock cannot be advanced. */
class BusyClock implements Clock {
  readonly #clock = new ManualClock()
  #busyMs = 0

  now(): number {
    return this.#clock.now() + this.#busyMs
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#clock.after(delayMs, callback)
  }

  soon(callback: () => void): void {
    this.#clock.soon(callback)
  }

  takes(ms: number): void {
    this.#busyMs += ms
  }

  advance(ms: number): void {
    this.#clock.advance(ms)
  }
}

describe('a router whose calls take long', () => {
  it('is reported after the first call of a turn, and after any call in the turn after a long one', async () => {
    const clock = new BusyClock()
    const router = {
      route({ payload }: { readonly payload: Uint8Array }) {
        clock.takes(payload[0] ?? 0)
        return 'peer'
      },
    }
    const bench = new TestNode({ links: [PEER] }, use(Clock, clock), useRouter(router))
    void bench.node.start()
    const turn = (...callsMs: number[]): number => {
      for (const callMs of callsMs) bench.node.send(Uint8Array.of(callMs))
      clock.advance(0)
      return bench.warnings.filter((code) => code === 'ROUTER_SLOW').length
    }
    expect(turn(51), 'the first call').toBe(1)
    expect(turn(1, 60), 'a later one').toBe(1)
    expect(turn(1, 60), 'a later one, after a long turn').toBe(2)
    const stopping = bench.node.stop()
    clock.advance(60_000)
    await stopping
  })
})
