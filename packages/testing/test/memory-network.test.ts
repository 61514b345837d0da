import type { Connection, ConnectionHandler } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import {
  ManualClock,
  MemoryNetwork,
  type MemoryNetworkOptions,
  SeededRandom,
} from '../src/index.js'

/** One end, and everything that was told about it. */
class End implements ConnectionHandler {
  readonly told: string[] = []
  readonly bytes: number[] = []
  readonly connection: Connection

  constructor(connection: Connection) {
    this.connection = connection
  }

  received(chunk: Uint8Array): void {
    this.told.push('received')
    this.bytes.push(...chunk)
  }
  written(): void {
    this.told.push('written')
  }
  ended(): void {
    this.told.push('ended')
  }
  closed({ kind }: { readonly kind: string }): void {
    this.told.push(`closed ${kind}`)
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
  it('is born not reading, and delivers whole and in order once it reads, however it is cut', () => {
    const { clock, dialled, accepted } = connected({ split: 1 })
    dialled.connection.write([BYTES.subarray(0, 10), BYTES.subarray(10)])
    clock.advance(1_000)
    expect(dialled.told).toEqual(['written'])
    expect(accepted.told).toEqual([])
    accepted.connection.setReading(true)
    clock.advance(1_000)
    expect(accepted.bytes).toEqual([...BYTES])
    expect(accepted.told.length).toBeGreaterThan(10)
  })

  it('calls nobody back before a call has returned', () => {
    const { dialled, accepted } = connected()
    accepted.connection.setReading(true)
    dialled.connection.write([BYTES])
    dialled.connection.end()
    accepted.connection.destroy()
    expect([...dialled.told, ...accepted.told]).toEqual([])
  })

  it('confirms a write only when the other side has room, and stops within a chunk', () => {
    const { clock, dialled, accepted } = connected()
    dialled.connection.write([new Uint8Array(300 * 1024)])
    clock.advance(1_000)
    expect(dialled.told).toEqual([])
    accepted.connection.setReading(true)
    clock.advance(2)
    accepted.connection.setReading(false)
    const received = accepted.told.length
    clock.advance(1_000)
    expect(accepted.told).toHaveLength(received)
    accepted.connection.setReading(true)
    clock.advance(1_000)
    expect(dialled.told).toEqual(['written'])
    expect(accepted.bytes).toHaveLength(300 * 1024)
  })

  it('delivers what was written before the end while the other side still sends', () => {
    const { clock, dialled, accepted } = connected()
    for (const end of [dialled, accepted]) end.connection.setReading(true)
    dialled.connection.write([BYTES])
    dialled.connection.end()
    clock.advance(10)
    accepted.connection.write([BYTES])
    clock.advance(10)
    accepted.connection.end()
    clock.advance(10)
    expect(accepted.told).toEqual(['received', 'ended', 'written', 'closed ended'])
    expect(dialled.told).toEqual(['written', 'received', 'ended', 'closed ended'])
    expect(dialled.bytes).toEqual([...BYTES])
  })

  it('never confirms a write after destroy, and resets the other end', () => {
    const { clock, dialled, accepted } = connected()
    dialled.connection.write([BYTES])
    dialled.connection.destroy()
    clock.advance(10)
    expect(dialled.told).toEqual(['closed destroyed'])
    expect(accepted.told).toEqual(['closed failed'])
  })
})

describe('a memory network', () => {
  it('refuses where nobody listens, and where the port is taken', () => {
    const { clock, near, far } = networked()
    const told: string[] = []
    const opened = () => {
      throw new Error('opened')
    }
    near.dial(TARGET, { opened, failed: ({ message }) => told.push(message) })
    clock.advance(10)
    const handler = {
      listening: () => told.push('listening'),
      admit: () => false,
      accepted: () => undefined,
      failed: ({ message }: Error) => told.push(message),
    }
    far.listen({ ip: '10.0.0.2', port: 1, options: {} }, handler)
    far.listen({ ip: '10.0.0.2', port: 1, options: {} }, handler)
    clock.advance(10)
    expect(told).toEqual([
      'connect ECONNREFUSED 10.0.0.2:8000',
      'listening',
      'listen EADDRINUSE 10.0.0.2:1',
    ])
  })

  it('lets a dial into a partition end by its time limit, and a cancelled one in nothing', () => {
    const { clock, network, near } = networked()
    network.part('10.0.0.1', '10.0.0.2')
    const told: string[] = []
    const handler = {
      opened: () => {
        throw new Error('opened')
      },
      failed: ({ message }: Error) => told.push(message),
    }
    near.dial(TARGET, handler)
    near.dial(TARGET, handler).cancel()
    clock.advance(60_000)
    expect(told).toEqual(['10.0.0.2:8000 did not answer'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('carries nothing across a partition and tells nobody; what is open goes on when it is healed', () => {
    const { clock, network, dialled, accepted } = connected()
    accepted.connection.setReading(true)
    network.part('10.0.0.1', '10.0.0.2')
    dialled.connection.write([BYTES])
    clock.advance(60_000)
    // Taken by the kernel, and on no wire.
    expect([...dialled.told, ...accepted.told]).toEqual(['written'])
    network.heal('10.0.0.2', '10.0.0.1')
    clock.advance(10)
    expect(accepted.bytes).toEqual([...BYTES])
  })
})
