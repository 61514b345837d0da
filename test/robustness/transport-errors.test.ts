import type { CloseReason, EntryOptions, NodeOptions } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from '../node/test-node.js'
import type { ScriptedConnection } from '../node/scripted-transport.js'

/** Errors of the system calls of a dial, and errors of a transport itself: without a name, a certificate or a code. */
const DIAL_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EACCES',
  'EPERM',
  'EINVAL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  undefined,
]
const LISTEN_CODES = [
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EINVAL',
  undefined,
]
/** Errors of reading from or writing to a connection. */
const CONNECTION_CODES = [
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOBUFS',
  'ENOMEM',
  'ECANCELED',
  'EBADF',
  'EIO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  undefined,
]

const OTHER: EntryOptions = { id: 'other', role: 'active', ip: '10.0.0.3', port: 8001 }
const PASSIVE: EntryOptions = { id: 'in', role: 'passive', ip: '10.0.0.4' }
const TABLE: NodeOptions = { listen: { port: 8000 }, links: [OTHER, PEER, PASSIVE] }
const LONG_MS = 60_000

function failure(code: string | undefined): Error {
  const error = new Error(`the system said ${code ?? 'nothing'}`)
  return code === undefined ? error : Object.assign(error, { code })
}

function closing(code: string | undefined): CloseReason {
  return { kind: 'failed', error: failure(code) }
}

function reasonOf(code: string | undefined): string {
  return code === 'ECONNRESET' ? 'reset by peer' : failure(code).message
}

/** A node with three links. The first is up and must not be affected; the second is still dialling. */
function started() {
  const bench = TestNode.started(TABLE)
  const [other, peer] = bench.transport.dials
  if (other === undefined || peer === undefined) throw new Error('not every link has dialled')
  return { bench, other: other.open(), peer }
}

/** The first link still sends and receives over its first connection, and the node leaves nothing behind. */
async function expectOthersUnharmed(bench: TestNode, other: ScriptedConnection): Promise<void> {
  expect(bench.node.link('other')).toMatchObject({ state: 'up', epoch: 1 })
  other.receive('still here')
  expect(bench.messages).toContain('other#1 still here')
  const writes = other.writes.length
  bench.send('you too', { to: 'other', id: 'bystander' })
  bench.soon()
  expect(other.writes.length).toBe(writes + 1)
  other.written()
  bench.soon()
  expect(bench.outcomes).toContainEqual(
    expect.objectContaining({ id: 'bystander', outcome: 'written' }),
  )
  expect(bench.warnings).toEqual([])
  await bench.stopped()
}

describe('a dial that fails', () => {
  it.each(DIAL_CODES)('with %s is reported, and tried again until it succeeds', async (code) => {
    const { bench, other, peer } = started()
    bench.send('waits', { to: 'peer', id: 'waits' })
    peer.fail(failure(code))
    expect(bench.node.link('peer').state).toBe('backoff')
    expect(bench.states.at(-1)).toBe(`peer backoff (${reasonOf(code)})`)
    bench.clock.runUntil(() => bench.transport.dials.length === 3, LONG_MS)
    bench.transport.lastDial.fail(failure(code))
    expect(bench.node.link('peer').state).toBe('backoff')
    bench.clock.runUntil(() => bench.transport.dials.length === 4, LONG_MS)
    const connection = bench.transport.lastDial.open()
    bench.soon()
    expect(connection.sent).toEqual(['waits'])
    connection.written()
    await expectOthersUnharmed(bench, other)
  })
})

describe('listening that fails', () => {
  // An address that this machine does not have may come later: the node waits for it.
  it.each(LISTEN_CODES.filter((code) => code !== 'EADDRNOTAVAIL'))(
    'with %s at the start rejects start, and leaves nothing behind',
    async (code) => {
      const bench = new TestNode(TABLE)
      const starting = bench.node.start()
      bench.transport.listens.at(-1)?.handler.failed(failure(code))
      await expect(starting).rejects.toMatchObject({ cause: failure(code) })
      await bench.stopped()
    },
  )

  it.each(LISTEN_CODES)(
    'with %s later is reported, and tried again until it succeeds',
    async (code) => {
      const bench = TestNode.started(TABLE)
      const before = bench.transport.accept('10.0.0.4')
      bench.transport.listens.at(-1)?.handler.failed(failure(code))
      bench.soon()
      expect(bench.warnings).toHaveLength(1)
      bench.clock.runUntil(() => bench.transport.listens.length === 2, LONG_MS)
      bench.transport.listens.at(-1)?.handler.failed(failure(code))
      bench.clock.runUntil(() => bench.transport.listens.length === 3, LONG_MS)
      bench.transport.listening()
      before?.receive('as if nothing were')
      expect(bench.messages).toEqual(['in#1 as if nothing were'])
      before?.closed()
      expect(bench.transport.accept('10.0.0.4')).toBeDefined()
      expect(bench.node.link('in')).toMatchObject({ state: 'up', epoch: 2 })
      await bench.stopped()
    },
  )
})

interface Moment {
  readonly name: string
  /** Opens a connection for a link that is then up. */
  readonly reach: (connection: ScriptedConnection, bench: TestNode) => void
}

const WHOLE_AND_HALF = Uint8Array.from([0, 1, 0x61, 0, 9, 0x62])
const MOMENTS: readonly Moment[] = [
  { name: 'that says nothing', reach: () => undefined },
  {
    name: 'with a write under way and more behind it',
    reach: (_, bench) => {
      bench.send('first', { to: 'peer', id: 'first' })
      bench.soon()
      bench.send('second', { to: 'peer', id: 'second' })
    },
  },
  {
    name: 'within a frame',
    reach: (connection) => {
      connection.receiveBytes(WHOLE_AND_HALF)
    },
  },
  {
    name: 'that is paused',
    reach: (_, bench) => {
      bench.node.link('peer').pause()
    },
  },
  {
    name: 'whose peer has sent FIN',
    reach: (connection, bench) => {
      bench.send('first', { to: 'peer', id: 'first' })
      bench.soon()
      connection.fin()
    },
  },
]

describe.each(MOMENTS)('a dialled connection $name', ({ reach }) => {
  it.each(CONNECTION_CODES)('that ends with %s is dialled again, with its queue', async (code) => {
    const { bench, other, peer } = started()
    const connection = peer.open()
    bench.soon()
    reach(connection, bench)
    const waiting = bench.node.link('peer').counters.queued
    connection.closed(closing(code))
    expect(bench.node.link('peer').state).toBe('backoff')
    expect(bench.node.link('peer').counters.queued).toBe(waiting)
    bench.checkLedgers()
    bench.clock.runUntil(() => bench.transport.dials.length === 3, LONG_MS)
    const next = bench.transport.lastDial.open()
    bench.node.link('peer').resume()
    next.receive('proof of life')
    bench.soon()
    while (bench.node.link('peer').counters.queued > 0) {
      next.written()
      bench.soon()
    }
    expect(next.sent).toHaveLength(waiting)
    expect(bench.messages).toContain('peer#2 proof of life')
    await expectOthersUnharmed(bench, other)
  })
})

describe.each(MOMENTS)('an accepted connection $name', ({ reach }) => {
  it.each(CONNECTION_CODES)('that ends with %s frees its slot for the next one', async (code) => {
    const { bench, other, peer } = started()
    peer.fail()
    const asPeer = bench.transport.accept('10.0.0.4')
    if (asPeer === undefined) throw new Error('a listed peer was refused')
    reach(asPeer, bench)
    asPeer.closed(closing(code))
    expect(bench.node.link('in').state).toBe('awaiting')
    bench.checkLedgers()
    expect(bench.transport.accept('10.0.0.4')).toBeDefined()
    expect(bench.node.link('in')).toMatchObject({ state: 'up', epoch: 2 })
    await expectOthersUnharmed(bench, other)
  })
})

describe('a connection that the node itself ends', () => {
  it.each(CONNECTION_CODES)(
    'and that ends with %s before that lets the node stop immediately',
    async (code) => {
      const { bench, other, peer } = started()
      const connection = peer.open()
      bench.soon()
      bench.send('under way', { to: 'peer', id: 'under way' })
      bench.soon()
      const stopping = bench.node.stop()
      bench.soon()
      expect(bench.node.link('peer').state).toBe('draining')
      connection.closed(closing(code))
      other.closed()
      bench.soon()
      await stopping
      expect(bench.node.link('peer').state).toBe('closed')
      expect(bench.outcomes.filter(({ id }) => id === 'under way')).toHaveLength(1)
      bench.checkLedgers()
      expect(bench.clock.pendingTimers).toBe(0)
    },
  )

  it.each(CONNECTION_CODES)('and that ends with %s after FIN is closed in order', async (code) => {
    const { bench, other, peer } = started()
    const connection = peer.open()
    bench.soon()
    bench.node.link('peer').disable()
    bench.soon()
    expect(connection.finSent).toBe(true)
    connection.closed(closing(code))
    expect(bench.node.link('peer').state).toBe('idle')
    await expectOthersUnharmed(bench, other)
  })

  it.each(CONNECTION_CODES)('and that ends with %s on probation is dialled again', async (code) => {
    const { bench, other, peer } = started()
    peer.open().closed(closing(code))
    bench.clock.runUntil(() => bench.transport.dials.length === 3, LONG_MS)
    bench.transport.lastDial.open().closed(closing(code))
    expect(bench.node.link('peer')).toMatchObject({ state: 'backoff', epoch: 1 })
    bench.clock.runUntil(() => bench.transport.dials.length === 4, LONG_MS)
    await expectOthersUnharmed(bench, other)
  })
})
