import { describe, expect, it } from 'vitest'
import { Deadline } from '../src/timing/deadline.js'
import { LateClock } from './late-clock.js'

function dueMs(clock: LateClock): number[] {
  return clock.timers.map((timer) => timer.dueMs)
}

function deadline(delayMs: number) {
  const clock = new LateClock()
  const expired: number[] = []
  const subject = new Deadline(clock, delayMs, {
    expired: () => {
      expired.push(clock.nowMs)
    },
  })
  subject.start(0)
  return { clock, expired, subject }
}

describe('a deadline', () => {
  it('expires in time', () => {
    const { clock, expired } = deadline(300)
    clock.blockUntil(299)
    expect(expired).toEqual([])
    clock.blockUntil(300)
    expect(expired).toEqual([300])
    expect(clock.timers).toEqual([])
  })

  it('looks once where nothing happens, and once more where something has', () => {
    const { clock, expired, subject } = deadline(300)
    expect(dueMs(clock)).toEqual([300])
    clock.nowMs = 200
    subject.start(200)
    expect(dueMs(clock), 'traffic moves no timer').toEqual([300])
    clock.blockUntil(300)
    expect([expired, dueMs(clock)]).toEqual([[], [500]])
    clock.blockUntil(500)
    expect(expired).toEqual([500])
  })

  it('of 0 never expires', () => {
    const { clock, subject } = deadline(0)
    expect([subject.running, clock.timers]).toEqual([false, []])
  })

  it('that comes a little late, at 320 ms, is in time', () => {
    const { clock, expired } = deadline(300)
    clock.blockUntil(320)
    expect(expired).toEqual([320])
  })

  it.each([325, 490, 5_000])(
    'that comes late, at %i ms, lets what has arrived meanwhile be read first',
    (lateMs) => {
      const { clock, expired, subject } = deadline(300)
      clock.blockUntil(lateMs)
      expect(expired, 'the bytes wait in the kernel').toEqual([])
      subject.start(lateMs + 1)
      clock.runUntil(lateMs + 300)
      expect(expired).toEqual([])
      clock.runUntil(lateMs + 302)
      expect(expired).toHaveLength(1)
    },
  )

  it.each([300, 310, 320])(
    'whose time is over when the loop ran again, at %i ms, reads what waits in the kernel first',
    (atMs) => {
      const { clock, expired, subject } = deadline(300)
      clock.inKernel = () => {
        subject.start(atMs)
      }
      clock.blockUntil(atMs)
      clock.blockUntil(atMs + 301)
      expect(expired).toEqual([atMs + 301])
    },
  )

  it('that comes late and finds nothing then gets the time back in which nothing ran, and expires', () => {
    const { clock, expired } = deadline(300)
    clock.blockUntil(400)
    clock.blockUntil(499)
    expect(expired).toEqual([])
    clock.blockUntil(500)
    expect(expired).toEqual([500])
  })

  it('gets at most its delay back', () => {
    const { clock, expired } = deadline(300)
    clock.blockUntil(5_000)
    clock.blockUntil(5_300)
    expect(expired).toEqual([5_300])
  })

  it('gets time back once, however late it comes again', () => {
    const { clock, expired } = deadline(300)
    clock.blockUntil(5_000)
    clock.blockUntil(9_000)
    expect(expired).toEqual([9_000])
  })

  it('gets the time back that another timer has seen: a heartbeat that was not sent has no answer', () => {
    const { clock, expired } = deadline(300)
    const sent: number[] = []
    const own = {
      expired: () => {
        sent.push(clock.nowMs)
      },
    }
    new Deadline(clock, 100, own, 'node').start(0)
    clock.blockUntil(305)
    expect([sent, expired], 'the heartbeat does not wait').toEqual([[305], []])
    clock.blockUntil(509)
    expect(expired).toEqual([])
    clock.blockUntil(510)
    expect(expired).toEqual([510])
  })

  it('that is disposed of while the loop turns does not expire', () => {
    const { clock, expired, subject } = deadline(300)
    clock.inKernel = () => {
      subject.dispose()
    }
    clock.blockUntil(300)
    expect([expired, clock.timers, clock.turns]).toEqual([[], [], []])
  })
})

describe('a deadline that stands still', () => {
  it('goes on with what was left', () => {
    const { clock, expired, subject } = deadline(300)
    clock.nowMs = 100
    subject.pause(100)
    clock.blockUntil(300)
    clock.nowMs = 1_000
    subject.resume(1_000)
    clock.blockUntil(1_199)
    expect(expired).toEqual([])
    clock.blockUntil(1_200)
    expect(expired).toEqual([1_200])
  })

  it('is not begun by going on where it did not run', () => {
    const { clock, expired, subject } = deadline(300)
    subject.stop()
    subject.pause(10)
    subject.resume(20)
    expect(subject.running).toBe(false)
    clock.blockUntil(5_000)
    expect([expired, clock.timers]).toEqual([[], []])
  })

  it('counts from where it began, not from the origin of the clock, and stands still only once', () => {
    const { clock, expired, subject } = deadline(300)
    clock.nowMs = 1_000
    subject.start(1_000)
    subject.pause(1_100)
    subject.pause(1_200)
    clock.blockUntil(1_300)
    clock.nowMs = 2_000
    subject.resume(2_000)
    clock.blockUntil(2_199)
    expect(expired).toEqual([])
    clock.blockUntil(2_200)
    expect(expired).toEqual([2_200])
  })

  it('begins anew where it is started instead of resumed', () => {
    const { clock, expired, subject } = deadline(300)
    subject.pause(200)
    subject.start(250)
    subject.resume(260)
    clock.blockUntil(300)
    clock.blockUntil(549)
    expect(expired).toEqual([])
    clock.blockUntil(550)
    expect(expired).toEqual([550])
  })

  it('sets no timer for what was stopped', () => {
    const { clock, subject } = deadline(300)
    subject.dispose()
    subject.dispose()
    subject.resume(10)
    expect(clock.timers).toEqual([])
  })
})

describe('a deadline whose delay changes', () => {
  it.each([
    [1_000, 1_000],
    [150, 150],
    [50, 101],
  ])('of %i ms looks when that is over, at %i ms', (delayMs, atMs) => {
    const { clock, expired, subject } = deadline(300)
    clock.nowMs = 100
    subject.setDelay(delayMs, 100)
    expect(dueMs(clock)).toEqual([atMs])
    clock.blockUntil(atMs)
    expect(expired).toEqual([atMs])
  })

  it('uses it from its next start on where it does not run', () => {
    const clock = new LateClock()
    const subject = new Deadline(clock, 300, { expired: () => undefined })
    subject.setDelay(400, 0)
    expect(clock.timers).toEqual([])
    subject.start(0)
    subject.stop()
    clock.nowMs = 10
    subject.setDelay(500, 10)
    expect(clock.timers, 'nothing runs').toEqual([])
    subject.start(10)
    expect(dueMs(clock)).toEqual([510])
    subject.setDelay(0, 20)
    expect([subject.running, clock.timers]).toEqual([false, []])
  })

  it('that is the same does not lose the time in which what has arrived is read', () => {
    const { clock, expired, subject } = deadline(300)
    clock.blockUntil(5_000)
    subject.setDelay(300, 5_010)
    clock.blockUntil(5_299)
    expect(expired).toEqual([])
    clock.blockUntil(5_300)
    expect(expired).toEqual([5_300])
  })
})

describe('deadlines of many links', () => {
  it.each([
    [100, 1],
    [300, 2],
    [1_500, 10],
    [5_000, 50],
    [15_000, 100],
    [3_600_000, 100],
  ])(
    'of %i ms fall on a grid of %i ms, never early, never later than one step',
    (delayMs, gridMs) => {
      const begins = Array.from({ length: 100 }, (_, at) => at * 1.7)
      for (const beginMs of begins) {
        const clock = new LateClock()
        clock.nowMs = beginMs
        new Deadline(clock, delayMs, { expired: () => undefined }).start(beginMs)
        const [timer] = clock.timers
        const dueMs = timer?.dueMs ?? 0
        expect(dueMs).toBeGreaterThanOrEqual(beginMs + delayMs)
        expect(dueMs).toBeLessThan(beginMs + delayMs + gridMs + 1)
        // The timer itself counts whole milliseconds.
        expect(dueMs % gridMs).toBeLessThan(1)
      }
    },
  )
})
