import { describe, expect, it } from 'vitest'
import type { Clock, Timer } from '../src/contracts/clock.js'
import { SlowRouterDetector } from '../src/routing/slow-router-detector.js'

/** A clock that goes on only within calls, and counts how often it is read. */
class TurnClock implements Clock {
  nowMs = 0
  readings = 0
  #soon: (() => void)[] = []

  now(): number {
    this.readings++
    return this.nowMs
  }

  after(): Timer {
    throw new Error('not used by a router watch')
  }

  soon(callback: () => void): void {
    this.#soon.push(callback)
  }

  endTurn(): void {
    const due = this.#soon
    this.#soon = []
    for (const callback of due) callback()
  }
}

function watched() {
  const clock = new TurnClock()
  const slow: number[] = []
  const watch = new SlowRouterDetector(clock, (tookMs) => slow.push(tookMs))
  /** One turn of the event loop in which the router is called so often, and takes so long each time. */
  const turn = (...callsMs: number[]): void => {
    for (const callMs of callsMs) {
      const timed = watch.callBegins()
      clock.nowMs += callMs
      if (timed) watch.callEnded()
    }
    clock.endTurn()
  }
  return { clock, slow, turn }
}

describe('the watch on the router', () => {
  it('tells a first call of a turn that took more than 50 ms, and one of 50 ms not', () => {
    const { slow, turn } = watched()
    turn(50)
    turn(51)
    expect(slow).toEqual([51])
  })

  it('tells each slow call of the turn after one that took long', () => {
    const { slow, turn } = watched()
    turn(1, 60, 1)
    expect(slow, 'only the first is timed').toEqual([])
    turn(1, 61, 1, 62)
    expect(slow).toEqual([61, 62])
  })

  it('tells later calls again of the first one only, once a turn was quick', () => {
    const { slow, turn } = watched()
    turn(1, 60)
    turn(1, 1)
    turn(1, 63)
    expect(slow).toEqual([])
    turn(1, 64)
    expect(slow).toEqual([64])
  })

  it('suspects no turn for its first slow call alone, which was told already', () => {
    const { clock, slow, turn } = watched()
    turn(70)
    const readings = clock.readings
    turn(1, 1, 1)
    expect(clock.readings - readings, 'the first call and the end of the turn').toBe(3)
    expect(slow).toEqual([70])
  })

  it('suspects no long burst of calls that are quick', () => {
    const { clock, turn } = watched()
    const burst = Array.from({ length: 10_000 }, () => 0.01)
    turn(...burst)
    const readings = clock.readings
    turn(...burst)
    expect(clock.readings - readings).toBe(3)
  })

  it('reads the clock no more often for a burst than for two calls', () => {
    const { clock, turn } = watched()
    turn(...Array.from({ length: 1_000 }, () => 0))
    expect(clock.readings).toBe(3)
  })
})
