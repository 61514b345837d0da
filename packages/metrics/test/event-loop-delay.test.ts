import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EventLoopDelay } from '../src/event-loop-delay.js'

const STALL_MS = 100
/** Seconds; a stall is late by its length without the 20 ms that a timer takes anyway. */
const STALL_SECONDS_MIN = (STALL_MS - 20) / 1000 - 0.005

function measure(windowMs?: number): EventLoopDelay {
  const delay = new EventLoopDelay(windowMs)
  onTestFinished(() => {
    delay.close()
  })
  return delay
}

function stall(): void {
  const end = performance.now() + STALL_MS
  while (performance.now() < end);
}

describe('EventLoopDelay', () => {
  it('sees a stall between two timers', async () => {
    const delay = measure()
    await sleep(60)
    stall()
    await sleep(60)
    expect(delay.quantiles()['1']).toBeGreaterThan(STALL_SECONDS_MIN)
  })

  it('sees a stall that delays its very first timer', async () => {
    const delay = measure()
    stall()
    await sleep(60)
    expect(delay.quantiles()['1']).toBeGreaterThan(STALL_SECONDS_MIN)
  })

  it('sees a stall while it lasts', () => {
    const delay = measure()
    stall()
    expect(delay.quantiles()['1']).toBeGreaterThan(STALL_SECONDS_MIN)
  })

  it('sees a stall that delays the first timer of a later window, and forgets it afterwards', async () => {
    const windowMs = 300
    const delay = measure(windowMs)
    // Node runs timers of one length in the order of their creation: this one comes right after the window has ended.
    await sleep(windowMs)
    stall()
    await expect
      .poll(() => delay.quantiles()['1'], { interval: 5, timeout: 5_000 })
      .toBeGreaterThan(STALL_SECONDS_MIN)
    await expect
      .poll(() => delay.quantiles()['1'], { interval: 5, timeout: 5_000 })
      .toBeLessThan(STALL_SECONDS_MIN)
  })
})
