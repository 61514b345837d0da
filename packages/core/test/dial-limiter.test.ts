import { describe, expect, it } from 'vitest'
import { DialLimiter } from '../src/link/dial-limiter.js'

/** Permits, and what comes at the end of the present callback. */
function permits(dialsMax: number) {
  const waiting: (() => void)[] = []
  const noTimer = (): never => {
    throw new Error('not used by permits')
  }
  const clock = { now: noTimer, after: noTimer, soon: (due: () => void) => waiting.push(due) }
  const subject = new DialLimiter(clock, dialsMax)
  const granted: string[] = []
  const ask = (name: string) => {
    const permit = subject.permit(() => granted.push(name))
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
