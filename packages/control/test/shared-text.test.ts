import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CONTROL_LIMITS } from '../src/app/control-limits.js'
import { SharedText } from '../src/app/shared-text.js'

describe('a shared text', () => {
  function counted(): { shared: SharedText; made: () => number } {
    let made = 0
    const shared = new SharedText(async function* () {
      made++
      yield `text ${String(made)}, `
      await nextTurn()
      yield 'end'
    })
    return { shared, made: () => made }
  }

  async function read(shared: SharedText): Promise<string> {
    const parts: Uint8Array[] = []
    for await (const part of shared.read()) parts.push(part)
    return Buffer.concat(parts).toString()
  }

  it('is made once for all who ask at once, and again later', async () => {
    const { shared, made } = counted()
    const texts = await Promise.all(Array.from({ length: 16 }, () => read(shared)))
    expect(new Set(texts)).toEqual(new Set(['text 1, end']))
    expect(made()).toBe(1)
    expect(await read(shared)).toBe('text 2, end')
  })

  it('exists at most twice if no client reads on, and a new reader gets the newest', async () => {
    const now = vi.spyOn(performance, 'now')
    onTestFinished(() => {
      now.mockRestore()
    })
    const { shared, made } = counted()
    const stuck: AsyncGenerator<Uint8Array>[] = []
    for (let at = 0; at < 5; at++) {
      now.mockReturnValue(at * 1_000)
      const reader = shared.read()
      await reader.next()
      stuck.push(reader)
    }
    expect(made()).toBe(CONTROL_LIMITS.unreadTexts)
    expect(await read(shared)).toBe('text 2, end')
    await Promise.all(stuck.map((reader) => reader.return(undefined)))
    now.mockReturnValue(60_000)
    expect(await read(shared)).toBe('text 3, end')
  })
})
