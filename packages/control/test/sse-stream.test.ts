import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CONTROL_LIMITS } from '../src/app/control-limits.js'
import { SseStream } from '../src/app/sse-stream.js'

/** Reads until the stream ends. @returns the data of its events */
async function rest(stream: SseStream): Promise<string[]> {
  let text = ''
  for await (const part of stream.body) text += Buffer.from(part).toString()
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data)
}

function newStream(): { stream: SseStream; closed: () => number } {
  let closed = 0
  return { stream: new SseStream(() => closed++), closed: () => closed }
}

describe('SseStream', () => {
  it('delivers complete events in order, and ends once', async () => {
    const { stream: own, closed } = newStream()
    own.push('a', '1')
    const reading = rest(own)
    await new Promise((resolve) => setImmediate(resolve))
    own.push('b', '2')
    own.end('end', '3')
    own.push('late', '4')
    expect(await reading).toEqual(['1', '2', '3'])
    expect(closed()).toBe(1)
  })

  it('holds no more than its limit, and reports the number of missing events in their place', async () => {
    const { stream: own } = newStream()
    const data = 'x'.repeat(100_000)
    let pushed = 0
    for (; !own.full; pushed++) own.push('a', data)
    expect(pushed * data.length).toBeLessThan(CONTROL_LIMITS.eventBytes + 2 * data.length)
    for (let more = 0; more < 1_000; more++) own.push('a', data)
    own.missed(7)
    const reader = own.body.getReader()
    let text = ''
    while (!text.includes('event: gap'))
      text += Buffer.from((await reader.read()).value ?? []).toString()
    own.push('a', 'after')
    text += Buffer.from((await reader.read()).value ?? []).toString()
    expect(text.match(/^data: x/gm)).toHaveLength(pushed)
    expect(text).toMatch(/data: \{"type":"gap","count":1007\}\n\nevent: a\ndata: after\n\n$/)
  })

  it('reports a client that reads nothing for the limit, and not one without events or one that reads', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    let stalled = 0
    const own = new SseStream(
      () => undefined,
      () => stalled++,
    )
    onTestFinished(() => own.body.cancel())
    const reader = own.body.getReader()
    own.push('a', '1')
    await reader.read()
    vi.advanceTimersByTime(CONTROL_LIMITS.eventStallMs)
    await reader.read()
    vi.advanceTimersByTime(CONTROL_LIMITS.eventStallMs)
    expect(stalled).toBe(0)
    vi.advanceTimersByTime(CONTROL_LIMITS.eventStallMs)
    expect(stalled).toBeGreaterThan(0)
    reader.releaseLock()
  })

  it('drops everything when its client disconnects', async () => {
    const { stream: own, closed } = newStream()
    own.push('a', '1')
    await own.body.cancel()
    for (let more = 0; more < 100_000; more++) own.push('a', 'x'.repeat(100))
    expect({ closed: closed(), full: own.full }).toEqual({ closed: 1, full: false })
    own.end('end', '2')
    expect(closed()).toBe(1)
  })
})
