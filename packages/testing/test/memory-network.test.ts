import type { Connection, ConnectionHandler } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import {
  ManualClock,
  MemoryNetwork,
  type MemoryNetworkOptions,
  SeededRandom,
} from '../src/index.js'

/** One end of a connection, which records its callbacks. */
class End implements ConnectionHandler {
  readonly callbacks: string[] = []
  readonly bytes: number[] = []
  readonly connection: Connection

  constructor(connection: Connection) {
    this.connection = connection
  }

  received(chunk: Uint8Array): void {
    this.callbacks.push('received')
    this.bytes.push(...chunk)
  }
  written(): void {
    this.callbacks.push('written')
  }
  ended(): void {
    this.callbacks.push('ended')
  }
  closed({ kind }: { readonly kind: string }): void {
    this.callbacks.push(`closed ${kind}`)
  }
}

function networked(options?: MemoryNetworkOptions) {
  const clock = new ManualClock()
  const network = new MemoryNetwork(clock, new SeededRandom(7), options)
  const near = network.host('10.0.0.1')
  const far = network.host('10.0.0.2')
  return { clock, network, near, far }
}

const TARGET = { ip: '10.0.0.2', port: 8000, bind: undefined, timeoutMs: 5_000, options: {} }

function connected(options?: MemoryNetworkOptions) {
  const { clock, network, near, far } = networked(options)
  const ends: End[] = []
  far.listen(
    { ip: '0.0.0.0', port: 8000, options: {} },
    {
      listening: () => undefined,
      admit: () => true,
      accepted: (connection) => (ends[1] = new End(connection)),
      failed: () => undefined,
    },
  )
  near.dial(TARGET, {
    opened: (connection) => (ends[0] = new End(connection)),
    failed: () => undefined,
  })
  clock.advance(10)
  const [dialled, accepted] = ends
  if (dialled === undefined || accepted === undefined) throw new Error('not connected')
  return { clock, network, dialled, accepted }
}

const BYTES = Uint8Array.from({ length: 1_000 }, (_, at) => at % 251)

describe('a memory connection', () => {
  it('does not read at first, and then delivers everything in order, however it is split', () => {
    const { clock, dialled, accepted } = connected({ split: 1 })
    dialled.connection.write([BYTES.subarray(0, 10), BYTES.subarray(10)])
    clock.advance(1_000)
    expect(dialled.callbacks).toEqual(['written'])
    expect(accepted.callbacks).toEqual([])
    accepted.connection.setReading(true)
    clock.advance(1_000)
    expect(accepted.bytes).toEqual([...BYTES])
    expect(accepted.callbacks.length).toBeGreaterThan(10)
  })

  it('makes no callback before a call has returned', () => {
    const { dialled, accepted } = connected()
    accepted.connection.setReading(true)
    dialled.connection.write([BYTES])
    dialled.connection.end()
    accepted.connection.destroy()
    expect([...dialled.callbacks, ...accepted.callbacks]).toEqual([])
  })

  it('confirms a write only when the other side has room, and stops within a chunk', () => {
    const { clock, dialled, accepted } = connected()
    dialled.connection.write([new Uint8Array(300 * 1024)])
    clock.advance(1_000)
    expect(dialled.callbacks).toEqual([])
    accepted.connection.setReading(true)
    clock.advance(2)
    accepted.connection.setReading(false)
    const received = accepted.callbacks.length
    clock.advance(1_000)
    expect(accepted.callbacks).toHaveLength(received)
    accepted.connection.setReading(true)
    clock.advance(1_000)
    expect(dialled.callbacks).toEqual(['written'])
    expect(accepted.bytes).toHaveLength(300 * 1024)
  })

  it('delivers the bytes before the end while the other side still sends', () => {
    const { clock, dialled, accepted } = connected()
    for (const end of [dialled, accepted]) end.connection.setReading(true)
    dialled.connection.write([BYTES])
    dialled.connection.end()
    clock.advance(10)
    accepted.connection.write([BYTES])
    clock.advance(10)
    accepted.connection.end()
    clock.advance(10)
    expect(accepted.callbacks).toEqual(['received', 'ended', 'written', 'closed ended'])
    expect(dialled.callbacks).toEqual(['written', 'received', 'ended', 'closed ended'])
    expect(dialled.bytes).toEqual([...BYTES])
  })

  it('confirms no write after destroy, and resets the other end', () => {
    const { clock, dialled, accepted } = connected()
    dialled.connection.write([BYTES])
    dialled.connection.destroy()
    clock.advance(10)
    expect(dialled.callbacks).toEqual(['closed destroyed'])
    expect(accepted.callbacks).toEqual(['closed failed'])
  })
})

describe('a memory network', () => {
  it('refuses a dial without a listener, and a listener on a port in use', () => {
    const { clock, near, far } = networked()
    const callbacks: string[] = []
    const opened = () => {
      throw new Error('opened')
    }
    near.dial(TARGET, { opened, failed: ({ message }) => callbacks.push(message) })
    clock.advance(10)
    const handler = {
      listening: () => callbacks.push('listening'),
      admit: () => false,
      accepted: () => undefined,
      failed: ({ message }: Error) => callbacks.push(message),
    }
    far.listen({ ip: '10.0.0.2', port: 1, options: {} }, handler)
    far.listen({ ip: '10.0.0.2', port: 1, options: {} }, handler)
    clock.advance(10)
    expect(callbacks).toEqual([
      'connect ECONNREFUSED 10.0.0.2:8000',
      'listening',
      'listen EADDRINUSE 10.0.0.2:1',
    ])
  })

  it('ends a dial into a partition at its time limit, and a cancelled one without a callback', () => {
    const { clock, network, near } = networked()
    network.part('10.0.0.1', '10.0.0.2')
    const callbacks: string[] = []
    const handler = {
      opened: () => {
        throw new Error('opened')
      },
      failed: ({ message }: Error) => callbacks.push(message),
    }
    near.dial(TARGET, handler)
    near.dial(TARGET, handler).cancel()
    clock.advance(60_000)
    expect(callbacks).toEqual(['10.0.0.2:8000 did not answer'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('drops everything across a partition without notice; open connections continue after heal', () => {
    const { clock, network, dialled, accepted } = connected()
    accepted.connection.setReading(true)
    network.part('10.0.0.1', '10.0.0.2')
    dialled.connection.write([BYTES])
    clock.advance(60_000)
    // The kernel has taken the bytes, but the network carries nothing.
    expect([...dialled.callbacks, ...accepted.callbacks]).toEqual(['written'])
    network.heal('10.0.0.2', '10.0.0.1')
    clock.advance(10)
    expect(accepted.bytes).toEqual([...BYTES])
  })
})
