import type { Connection, ConnectionHandler } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { ManualClock, MemoryNetwork, type PathConditions, SeededRandom } from '../src/index.js'

const NEAR = '10.0.0.1'
const FAR = '10.0.0.2'
const TARGET = { ip: FAR, port: 8000, bind: undefined, timeoutMs: 5_000 }
const BYTES = Uint8Array.from({ length: 1_000 }, (_, at) => at % 251)

/** One end of a connection, which records its callbacks. */
class End implements ConnectionHandler {
  readonly callbacks: string[] = []
  readonly chunks: Uint8Array[] = []
  readonly connection: Connection

  constructor(connection: Connection) {
    this.connection = connection
    connection.setReading(true)
  }

  get bytes(): number {
    return this.chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }
  received(chunk: Uint8Array): void {
    this.chunks.push(chunk)
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

function bench(conditions: Partial<PathConditions> = {}) {
  const clock = new ManualClock()
  const faults: string[] = []
  const network = new MemoryNetwork(clock, new SeededRandom(5), {
    watcher: { occurred: (fault) => faults.push(fault) },
  })
  network.everywhere(conditions)
  const calls: string[] = []
  const accepted: End[] = []
  const dialled: End[] = []
  const listen = () =>
    network.host(FAR).listen(
      { ip: FAR, port: 8000, options: {} },
      {
        listening: () => calls.push('listening'),
        admit: (remote) => {
          calls.push(`admit ${remote?.ip ?? 'unknown'}`)
          return remote !== undefined
        },
        accepted: (connection) => {
          const end = new End(connection)
          accepted.push(end)
          return end
        },
        failed: ({ message }) => calls.push(message),
      },
    )
  const failed: string[] = []
  const dial = () =>
    network.host(NEAR).dial(
      { ...TARGET, options: { label: 'out' } },
      {
        opened: (connection) => {
          const end = new End(connection)
          dialled.push(end)
          return end
        },
        failed: ({ message }) => failed.push(message),
      },
    )
  listen()
  dial()
  clock.advance(100)
  return { clock, network, faults, calls, failed, listen, dial, near: dialled[0], far: accepted[0] }
}

/** The same, with a connection that is open. */
function connected(conditions: Partial<PathConditions> = {}) {
  const { near, far, ...rest } = bench(conditions)
  if (near === undefined || far === undefined) throw new Error('not connected')
  const end = rest.network.connectionOf(NEAR, 'out')
  if (end === undefined) throw new Error('no connection of this label')
  return { ...rest, near, far, end }
}

describe('conditions of a path', () => {
  it('delay an open connection, in one direction only', () => {
    const { clock, network, near, far } = connected()
    network.oneWay(NEAR, FAR, { latencyMs: { min: 500, max: 500 } })
    near.connection.write([BYTES])
    far.connection.write([BYTES])
    clock.advance(400)
    expect([near.bytes, far.bytes]).toEqual([1_000, 0])
    clock.advance(101)
    expect(far.bytes).toBe(1_000)
  })

  it('split one write, and coalesce separate writes', () => {
    const split = connected({ split: 1 })
    split.near.connection.write([BYTES])
    split.clock.advance(5_000)
    expect(split.far.chunks.length).toBeGreaterThan(60)
    expect(Buffer.concat(split.far.chunks)).toEqual(Buffer.from(BYTES))

    const joined = connected({ coalesceMs: 50 })
    for (let part = 0; part < 5; part++) {
      joined.near.connection.write([BYTES])
      joined.clock.advance(5)
    }
    joined.clock.advance(1_000)
    expect(joined.far.chunks.map(({ byteLength }) => byteLength)).toEqual([5_000])
  })

  it('confirm slowly: a write may be unconfirmed although the peer has read it', () => {
    const { clock, near, far } = connected({ confirmMs: { min: 900, max: 900 } })
    near.connection.write([BYTES])
    clock.advance(800)
    expect(far.bytes).toBe(1_000)
    expect(near.callbacks).toEqual([])
    clock.advance(200)
    expect(near.callbacks).toEqual(['written'])
  })

  it('stop the reader, so that the buffer fills and the writer waits', () => {
    const { clock, network, near, far, faults } = connected({ bufferBytes: 300 })
    network.oneWay(NEAR, FAR, { notRead: true })
    near.connection.write([BYTES])
    clock.advance(5_000)
    expect(near.callbacks).toEqual([])
    expect(faults).toContain('full buffer')
    network.oneWay(NEAR, FAR, { notRead: false })
    clock.advance(100)
    expect(near.callbacks).toEqual(['written'])
    expect(far.bytes).toBe(1_000)
  })

  it('drop one direction and carry the other', () => {
    const { clock, network, near, far } = connected()
    network.oneWay(NEAR, FAR, { blackHole: true })
    near.connection.write([BYTES])
    far.connection.write([BYTES])
    clock.advance(60_000)
    expect([near.bytes, far.bytes]).toEqual([1_000, 0])
    network.calm()
    clock.advance(10)
    expect(far.bytes).toBe(1_000)
  })

  it.each([
    ['refuse', 'connect ECONNREFUSED 10.0.0.2:8000'],
    ['silent', '10.0.0.2:8000 did not answer'],
  ] as const)('%s dials', (condition, reason) => {
    const { clock, failed } = bench({ [condition]: 1 })
    clock.advance(5_000)
    expect(failed).toEqual([reason])
    expect(clock.pendingTimers).toBe(0)
  })

  it('close before admit is called, and reset before the connection is accepted', () => {
    const closed = bench({ acceptThenClose: 1 })
    expect(closed.near?.callbacks).toEqual(['closed failed'])
    expect(closed.calls).toEqual(['listening'])
    const reset = bench({ resetBeforeAccept: 1 })
    expect(reset.near?.callbacks).toEqual(['closed failed'])
    expect(reset.calls).toEqual(['listening', 'admit unknown'])
  })

  it('connect a dial to itself', () => {
    const { near, calls } = bench({ toItself: 1 })
    expect(near?.connection.peer.local).toEqual(near?.connection.peer.remote)
    expect(calls).toEqual(['listening'])
  })

  it('call back after destroy, which the contract forbids', () => {
    const { clock, near } = connected({ lateCallbacks: 1 })
    near.connection.write([BYTES])
    near.connection.destroy()
    clock.advance(10)
    expect(near.callbacks).toEqual(['written', 'closed destroyed'])
  })
})

describe('faults of one connection', () => {
  it.each([
    ['reset', ['written', 'closed failed'], ['closed failed']],
    ['fin', ['written'], ['ended']],
    ['silence', ['written'], []],
  ] as const)('cut it after a byte, by %s', (by, nearCallbacks, farCallbacks) => {
    const { clock, near, far, end } = connected()
    end.outbound.cutAfter({ afterBytes: 10, by })
    near.connection.write([BYTES])
    clock.advance(50)
    expect(far.bytes).toBe(10)
    expect(near.callbacks).toEqual(nearCallbacks)
    expect(far.callbacks).toEqual(farCallbacks)
  })

  it('close one end silently; the other end notices it when it writes', () => {
    const { clock, near, far, end } = connected()
    end.halfOpen()
    clock.advance(1_000)
    expect([near.callbacks, far.callbacks]).toEqual([['closed failed'], []])
    far.connection.write([BYTES])
    clock.advance(10)
    expect(far.callbacks).toEqual(['written', 'closed failed'])
  })

  it('close one end silently; an idle other end notices it by keep-alive', () => {
    const { clock, network, far, end } = connected()
    end.halfOpen()
    clock.advance(11_000)
    expect(far.callbacks).toEqual([])
    clock.advance(1_500)
    expect(far.callbacks).toEqual(['closed failed'])
    expect(network.connections.size).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  it('end it as the writer would, and reset a writer that continues', () => {
    const { clock, near, far, end } = connected()
    end.outbound.finByNetwork()
    clock.advance(10)
    expect(far.callbacks).toEqual(['ended'])
    near.connection.write([BYTES])
    clock.advance(10)
    expect(near.callbacks).toEqual(['written', 'closed failed'])
    expect(far.bytes).toBe(0)
  })

  it.each(['block', 'stopReading'] as const)('%s it alone, until calm is called', (fault) => {
    const { clock, network, near, far, end } = connected()
    end.outbound[fault](true)
    near.connection.write([BYTES])
    clock.advance(10_000)
    expect(far.bytes).toBe(0)
    network.calm()
    clock.advance(10)
    expect(far.bytes).toBe(1_000)
  })
})

describe('faults of a host', () => {
  it('end its listeners, and refuse new ones for a while', () => {
    const { clock, network, calls, listen } = connected()
    network.refuseListening(FAR, true)
    network.failListeners(FAR)
    listen()
    clock.advance(10)
    network.refuseListening(FAR, false)
    listen()
    clock.advance(10)
    expect(calls.slice(2)).toEqual([
      'accept EINVAL 10.0.0.2:8000',
      'listen EADDRNOTAVAIL 10.0.0.2:8000',
      'listening',
    ])
  })

  it('kill its process: its peers are reset, and its handlers are not called', () => {
    const { clock, network, near, far, failed, dial } = connected()
    network.kill(FAR)
    dial()
    clock.advance(10)
    expect([near.callbacks, far.callbacks]).toEqual([['closed failed'], []])
    expect(failed).toEqual(['connect ECONNREFUSED 10.0.0.2:8000'])
  })

  it('take its power: its peers do not notice', () => {
    const { clock, network, near, far } = connected()
    network.powerOff(FAR)
    clock.advance(1_000)
    expect([near.callbacks, far.callbacks]).toEqual([[], []])
  })

  it('end the dials of a dead process without a callback', () => {
    const { clock, network, dial, failed } = connected({ silent: 0 })
    network.everywhere({ latencyMs: { min: 50, max: 50 } })
    dial()
    network.kill(NEAR)
    clock.advance(60_000)
    expect(failed).toEqual([])
    expect(network.connections.size).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })
})
