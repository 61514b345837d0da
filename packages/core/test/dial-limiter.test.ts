import { describe, expect, it } from 'vitest'
import { type DialLane, DialLimiter } from '../src/link/dial-limiter.js'

/** Permits, and what comes at the end of the present callback. */
function permits(dialsMax: number) {
  const waiting: (() => void)[] = []
  const noTimer = (): never => {
    throw new Error('not used by permits')
  }
  const clock = { now: noTimer, after: noTimer, soon: (due: () => void) => waiting.push(due) }
  const subject = new DialLimiter(clock, dialsMax)
  const granted: string[] = []
  const ask = (name: string, lane: DialLane = 'first') => {
    const permit = subject.permit(lane, () => granted.push(name))
    permit.ask()
    return permit
  }
  const soon = (): void => {
    for (const due of waiting.splice(0)) due()
  }
  return { subject, granted, ask, soon }
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
