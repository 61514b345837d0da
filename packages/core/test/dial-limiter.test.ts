import { describe, expect, it } from 'vitest'
import type { Clock } from '../src/contracts/clock.js'
import { type DialLane, DialLimiter } from '../src/link/dial-limiter.js'

/** Permits, and what comes at the end of the present callback. */
function permits(dialsMax: number) {
  const waiting: (() => void)[] = []
  const timers = new Map<object, { readonly dueMs: number; readonly due: () => void }>()
  let nowMs = 5_000
  const clock: Clock = {
    now: () => nowMs,
    after: (delayMs, due) => {
      const timer = { cancel: () => void timers.delete(timer) }
      timers.set(timer, { dueMs: nowMs + delayMs, due })
      return timer
    },
    soon: (due) => waiting.push(due),
    turn: (due) => clock.after(0, due),
  }
  const subject = new DialLimiter(clock, dialsMax)
  const granted: string[] = []
  const gaveWay: string[] = []
  const ask = (name: string, lane: DialLane = 'first') => {
    const permit = subject.permit(lane, {
      granted: () => granted.push(name),
      gaveWay: () => {
        gaveWay.push(name)
        permit.giveBack()
      },
    })
    permit.ask()
    return permit
  }
  const soon = (): void => {
    for (const due of waiting.splice(0)) due()
  }
  /** The time passes, and every timer is called when it is due. */
  const pass = (ms: number): void => {
    const untilMs = nowMs + ms
    for (;;) {
      const next = [...timers].sort(([, a], [, b]) => a.dueMs - b.dueMs)[0]
      if (next === undefined || next[1].dueMs > untilMs) break
      const [timer, { dueMs, due }] = next
      timers.delete(timer)
      nowMs = Math.max(nowMs, dueMs)
      due()
      soon()
    }
    nowMs = untilMs
    soon()
  }
  /** The event loop stands still: the time passes, and no timer is called before the end. */
  const freeze = (ms: number): void => {
    nowMs += ms
    pass(0)
  }
  return { subject, granted, gaveWay, ask, soon, pass, freeze, timers }
}

describe('permits to dial', () => {
  it('are granted in order of asking, also to who asks while one is free and others wait', () => {
    const { granted, ask, soon } = permits(1)
    const first = ask('a')
    ask('b')
    first.giveBack()
    ask('c')
    expect(granted, 'not before the present callback has ended').toEqual(['a'])
    soon()
    expect(granted).toEqual(['a', 'b'])
  })

  it('that are given back twice free one dial', () => {
    const { granted, ask, soon } = permits(1)
    const first = ask('a')
    first.giveBack()
    first.giveBack()
    ask('b')
    ask('c')
    soon()
    expect(granted).toEqual(['a', 'b'])
  })

  it('that are given back before they were granted are not granted, and free none', () => {
    const { granted, ask, soon } = permits(1)
    const first = ask('a')
    ask('b').giveBack()
    ask('c')
    soon()
    expect(granted).toEqual(['a'])
    first.giveBack()
    soon()
    expect(granted).toEqual(['a', 'c'])
  })

  it('that become fewer are granted again when as many have come back', () => {
    const { subject, granted, ask, soon } = permits(2)
    const held = [ask('a'), ask('b')]
    ask('c')
    subject.resize(1)
    held[0]?.giveBack()
    soon()
    expect(granted).toEqual(['a', 'b'])
    held[1]?.giveBack()
    soon()
    expect(granted).toEqual(['a', 'b', 'c'])
  })
})

describe('the lanes of permits', () => {
  it('keep an eighth for links that were well, also if unknown ones were first and slow ones follow', () => {
    const { granted, ask, soon } = permits(8)
    for (let at = 0; at < 20; at++) ask(`unknown ${String(at)}`, 'unknown')
    for (let at = 0; at < 20; at++) ask(`slow ${String(at)}`, 'slow')
    soon()
    expect(granted).toHaveLength(7)
    ask('well', 'first')
    soon()
    expect(granted.at(-1)).toBe('well')
  })

  it('keep permits for links that were well, however many slow ones ask', () => {
    const { granted, ask, soon } = permits(8)
    for (let at = 0; at < 20; at++) ask(`slow ${String(at)}`, 'slow')
    soon()
    expect(granted, 'half of the permits').toHaveLength(4)
    for (let at = 0; at < 20; at++) ask(`unknown ${String(at)}`, 'unknown')
    soon()
    expect(granted, 'seven eighths of the permits').toHaveLength(7)
    ask('well')
    soon()
    expect(granted.at(-1)).toBe('well')
  })

  it('grant a free permit to the first lane, and within a lane to the one that asked first', () => {
    const { granted, ask, soon } = permits(1)
    const busy = ask('busy')
    ask('slow', 'slow')
    ask('unknown', 'unknown')
    ask('first 1')
    ask('first 2')
    busy.giveBack()
    soon()
    expect(granted).toEqual(['busy', 'first 1'])
  })

  it('give every waiting permit its turn although others never stop asking', () => {
    const { granted, ask, soon } = permits(1)
    const asked = new Map([
      ['busy', ask('busy')],
      ['slow', ask('slow', 'slow')],
      ['unknown', ask('unknown', 'unknown')],
    ])
    for (let round = 0; round < 30; round++) {
      const name = `first ${String(round)}`
      asked.set(name, ask(name))
      asked.get(granted.at(-1) ?? '')?.giveBack()
      soon()
    }
    expect(granted).toContain('slow')
    expect(granted).toContain('unknown')
  })

  it('show the place of a permit, and let an operator move it to the first lane', () => {
    const { granted, ask, soon } = permits(1)
    const busy = ask('busy')
    const slow = ask('slow', 'slow')
    const unknown = ask('unknown', 'unknown')
    expect([slow.turn, unknown.turn, busy.turn]).toEqual([
      { place: 2, of: 2 },
      { place: 1, of: 2 },
      undefined,
    ])
    slow.hurry()
    expect(slow.turn).toEqual({ place: 1, of: 2 })
    busy.giveBack()
    soon()
    expect(granted).toEqual(['busy', 'slow'])
    expect(slow.turn).toBeUndefined()
  })

  it('forget a permit that is given back while it waits in a lane', () => {
    const { granted, ask, soon } = permits(1)
    const busy = ask('busy')
    ask('slow', 'slow').giveBack()
    const moved = ask('moved', 'unknown')
    moved.hurry()
    moved.giveBack()
    ask('last', 'slow')
    busy.giveBack()
    soon()
    expect(granted).toEqual(['busy', 'last'])
  })
})

describe('a slow dial', () => {
  it('gives way to a link that waits, the oldest first, and only as many as wait', () => {
    const { granted, gaveWay, ask, soon, pass } = permits(2)
    ask('a')
    pass(400)
    ask('b')
    ask('waiting')
    soon()
    pass(599)
    expect(gaveWay, 'a has had its permit for 999 ms').toEqual([])
    pass(1)
    expect(gaveWay).toEqual(['a'])
    expect(granted).toEqual(['a', 'b', 'waiting'])
    pass(10_000)
    expect(gaveWay, 'no other link waits').toEqual(['a'])
  })

  it('keeps its permit while the node itself stands still', () => {
    const { gaveWay, ask, soon, pass, freeze } = permits(1)
    ask('a')
    ask('waiting')
    soon()
    pass(600)
    freeze(5_000)
    expect(gaveWay, 'its answer may wait in the kernel').toEqual([])
    pass(399)
    expect(gaveWay).toEqual([])
    pass(1_000)
    expect(gaveWay).toEqual(['a'])
  })

  it('keeps its permit if no link waits, or only slow ones', () => {
    const { gaveWay, ask, soon, pass, timers } = permits(2)
    ask('a')
    ask('b')
    ask('slow', 'slow')
    soon()
    pass(10_000)
    expect(gaveWay).toEqual([])
    expect(timers.size).toBe(0)
  })

  it('of the lane for slow ones keeps its permit, whichever link waits', () => {
    const { granted, gaveWay, ask, soon, pass } = permits(2)
    ask('slow', 'slow')
    ask('a')
    ask('waiting')
    soon()
    pass(1_000)
    expect(gaveWay).toEqual(['a'])
    expect(granted).toEqual(['slow', 'a', 'waiting'])
  })

  it('of a lane that makes no room for the link that waits keeps its permit', () => {
    const { gaveWay, ask, soon, pass, timers } = permits(8)
    ask('first')
    for (let at = 0; at < 7; at++) ask(`unknown ${String(at)}`, 'unknown')
    ask('waiting', 'unknown')
    soon()
    pass(1_000)
    expect(gaveWay).toEqual(['unknown 0'])
    pass(1_000)
    expect(timers.size, 'nothing is planned if no link waits').toBe(0)
  })

  it('leaves what is kept for links that were well, while unknown and slow ones share the rest', () => {
    const { granted, ask, soon } = permits(8)
    for (let at = 0; at < 20; at++) ask(`unknown ${String(at)}`, 'unknown')
    for (let at = 0; at < 20; at++) ask(`slow ${String(at)}`, 'slow')
    soon()
    expect(granted, 'seven eighths').toHaveLength(7)
    ask('well')
    soon()
    expect(granted).toContain('well')
  })

  it('lets every link of a silent table have its turn within seconds', () => {
    const { granted, ask, soon, pass } = permits(64)
    for (let at = 0; at < 640; at++) ask(`silent ${String(at)}`, 'unknown')
    for (let at = 0; at < 640; at++) ask(`slow ${String(at)}`, 'slow')
    ask('well', 'unknown')
    soon()
    for (let second = 0; second < 30; second++) pass(1_000)
    expect(granted).toContain('well')
  })
})
