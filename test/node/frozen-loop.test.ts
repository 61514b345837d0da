import { Clock, type EntryOptions, type Timer, use } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '@commloop/testing'
import { TestNode } from './test-node.js'
import type { ScriptedConnection } from './scripted-transport.js'

/**
 * The clock of a process that can be stopped. When it continues, one turn of the event loop runs: first the timers that
 * became due, then what waits in the kernel, then the end of the turn.
 */
class FreezableClock implements Clock {
  readonly time = new ManualClock()
  #frozen = false
  #late: (() => void)[] = []
  #turns: (() => void)[] = []

  now(): number {
    return this.time.now()
  }

  after(delayMs: number, callback: () => void): Timer {
    let open = true
    const run = (): void => {
      if (open) callback()
    }
    const timer = this.time.after(delayMs, () => {
      if (this.#frozen) this.#late.push(run)
      else run()
    })
    return {
      cancel: () => {
        open = false
        timer.cancel()
      },
    }
  }

  turn(callback: () => void): Timer {
    let open = true
    const run = (): void => {
      if (open) callback()
    }
    if (this.#frozen) this.#turns.push(run)
    else return this.time.after(0, run)
    return {
      cancel: () => {
        open = false
      },
    }
  }

  soon(callback: () => void): void {
    this.time.soon(callback)
  }

  /** The process stands still for `ms`, in which the kernel receives; then it continues. */
  freeze(ms: number, kernel: () => void): void {
    this.#frozen = true
    this.time.advance(ms)
    for (const callback of this.#late.splice(0)) callback()
    kernel()
    this.#frozen = false
    for (const callback of this.#turns.splice(0)) callback()
    this.time.advance(0)
  }
}

const IP = '10.0.0.7'

function frozen(entry: Partial<EntryOptions>): {
  readonly bench: TestNode
  readonly clock: FreezableClock
  readonly connection: ScriptedConnection
} {
  const clock = new FreezableClock()
  const links: EntryOptions[] = [{ id: 'peer', role: 'passive', ip: IP, ...entry }]
  const options = { listen: { host: '10.0.0.1', port: 8000 }, links }
  const bench = TestNode.started(options, use(Clock, clock))
  const connection = bench.transport.accept(IP)
  if (connection === undefined) throw new Error('refused')
  return { bench, clock, connection }
}

const HEARTBEAT = { every: '1s', payload: 'ping', answer: 'pong' } as const

describe('a node whose event loop stands still for 10 s', () => {
  it.each([10_000, 3_000, 3_001, 3_010, 3_019, 2_999])(
    'and then continues keeps a link whose peer has sent heartbeats (%i ms)',
    (ms) => {
      const { bench, clock, connection } = frozen({ heartbeat: HEARTBEAT })
      clock.freeze(ms, () => {
        connection.receive('ping')
      })
      expect(bench.node.link('peer').state).toBe('up')
    },
  )

  it('keeps a link whose peer only answers, because it has not asked', () => {
    const { bench, clock, connection } = frozen({ heartbeat: HEARTBEAT })
    clock.time.advance(500)
    clock.freeze(10_000, () => undefined)
    expect(connection.sent).toEqual(['ping'])
    clock.time.advance(800)
    expect(bench.node.link('peer').state).toBe('up')
    connection.receive('pong')
    clock.time.advance(2_000)
    expect(bench.node.link('peer').state).toBe('up')
  })

  it('still notices a peer that is silent after it', () => {
    const { bench, clock, connection } = frozen({ heartbeat: HEARTBEAT })
    clock.freeze(10_000, () => undefined)
    clock.time.advance(3_100)
    expect(connection.destroyed).toBe(true)
    expect(bench.states.at(-1)).toBe('peer awaiting (silence)')
  })

  it('keeps a link whose write goes on', () => {
    const { bench, clock, connection } = frozen({ stall: '3s' })
    bench.send('text', { to: 'peer' })
    clock.time.advance(10)
    clock.freeze(10_000, () => undefined)
    clock.time.advance(2_000)
    connection.written()
    clock.time.advance(5_000)
    expect(bench.node.link('peer').state).toBe('up')
  })

  it('keeps a connection whose first frame waits in the kernel', () => {
    const { bench, clock, connection } = frozen({ ready: 'frame', readyTimeout: '2s' })
    clock.freeze(10_000, () => {
      connection.receive('hello')
    })
    expect(bench.node.link('peer').state).toBe('up')
  })

  it('keeps a frame whose rest waits in the kernel', () => {
    const { bench, clock, connection } = frozen({ partialFrame: '2s' })
    connection.receiveBytes(Buffer.from([0, 2, 65]))
    clock.freeze(10_000, () => {
      connection.receiveBytes(Buffer.from([66]))
    })
    clock.time.advance(0)
    expect(bench.messages).toEqual(['peer#1 AB'])
    expect(bench.node.link('peer').state).toBe('up')
  })
})
