import { type Route, type SendRouter, useRouter } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from '../node/test-node.js'
import { hostileValues } from './hostile-values.js'

const FINE = 'fine'
const BARE = Object.create(null) as object

/** Two links; the router misbehaves for every message except one. */
function hostile(route: (message: Parameters<SendRouter['route']>[0]) => unknown): TestNode {
  const router: SendRouter = {
    route: (message) =>
      Buffer.from(message.payload).toString() === FINE ? 'peer' : (route(message) as Route),
  }
  const bench = TestNode.started(
    { links: [PEER, { ...PEER, id: 'source' }], relay: true },
    useRouter(router),
  )
  for (const dial of bench.transport.dials) dial.open()
  return bench
}

/** The misrouted message has one outcome, and the next message is delivered correctly. */
async function costsOneMessage(bench: TestNode, reason?: string): Promise<void> {
  await bench.clock.settle()
  bench.checkLedgers()
  expect(bench.node.counters).toMatchObject({ accepted: 1, undeliverable: 1 })
  if (reason !== undefined) expect(bench.outcomes[0]?.reason).toContain(reason)
  bench.send(FINE)
  bench.soon()
  expect(bench.node.link('peer').counters.enqueued).toBe(1)
  await bench.stopped()
}

const throwing = (message: string) => (): never => {
  throw new Error(message)
}
/** An object whose every property throws when it is read. */
const proxy = new Proxy(
  {},
  { get: throwing('get'), has: throwing('has'), getPrototypeOf: throwing('prototype') },
)

describe('a router that answers', () => {
  it.each(hostileValues())('%s costs only its message', async (_name, value) => {
    const bench = hostile(() => value)
    bench.send('x', { id: 'x' })
    await costsOneMessage(bench)
  })

  it.each<[string, () => unknown]>([
    ['a proxy that throws', () => proxy],
    ['an array that throws', () => new Proxy(['peer'], { get: throwing('get') })],
    ['a target whose link throws', () => Object.defineProperty({ epoch: 1 }, 'link', getter())],
    ['a target whose link is a symbol', () => ({ link: Symbol('peer'), epoch: 1 })],
    ['a target whose epoch has no text', () => ({ link: 'peer', epoch: BARE })],
    ['a list with a target without text', () => ['peer', BARE]],
    ['a list without end', () => new Array<string>(2 ** 32 - 1)],
    ['a delay that is a symbol', () => ({ defer: Symbol('later') })],
    ['a delay that is an object without text', () => ({ defer: BARE })],
    ['a delay that throws', () => Object.defineProperty({}, 'defer', getter())],
    ['a reason that throws', () => Object.defineProperty({}, 'drop', getter())],
    ['a promise whose look at it throws', () => Object.defineProperty({}, 'then', getter())],
  ])('%s costs only its message', async (_name, answer) => {
    const bench = hostile(answer)
    bench.send('x', { id: 'x' })
    await costsOneMessage(bench)
  })

  it('with an object that changes at every access is read only once', async () => {
    let looks = 0
    const answer = {
      get then(): unknown {
        return ++looks === 1 ? undefined : throwing('second look')
      },
      get link(): unknown {
        return ++looks < 4 ? 'peer' : Symbol('peer')
      },
      epoch: 1,
    }
    const bench = hostile(() => answer)
    bench.send('x')
    bench.soon()
    expect(bench.node.counters).toMatchObject({ accepted: 1, routed: 1 })
    await bench.stopped()
  })

  it.each([Symbol('why'), Object.create(null) as object, 7, 'x'.repeat(1e6)])(
    'a drop reason that is not a short text is reported as text',
    async (drop) => {
      const bench = hostile(() => ({ drop }))
      bench.send('x', { id: 'x' })
      bench.soon()
      const [outcome] = bench.outcomes
      expect(outcome?.outcome).toBe('dropped')
      expect(typeof outcome?.reason).toBe('string')
      expect(outcome?.reason?.length).toBeLessThan(600)
      await bench.stopped()
    },
  )
})

describe('a router that throws', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a symbol', Symbol('no')],
    ['an object without text', Object.create(null)],
    ['a proxy', proxy],
    ['an error whose message throws', Object.defineProperty(new Error('x'), 'message', getter())],
    ['a text without end', 'x'.repeat(1e6)],
  ])('%s costs only its message', async (_name, thrown) => {
    const bench = hostile(() => {
      throw thrown
    })
    bench.send('x', { id: 'x' })
    await costsOneMessage(bench, 'router threw')
    expect(bench.outcomes[0]?.reason?.length).toBeLessThan(600)
  })

  it('for a received message costs neither the connection nor the next message', async () => {
    const bench = hostile(() => proxy)
    const connection = bench.transport.dials[1]?.open()
    connection?.receive('bad', FINE, 'bad', FINE)
    bench.soon()
    expect(bench.messages).toHaveLength(4)
    expect(bench.node.counters).toMatchObject({ accepted: 4, routed: 2, undeliverable: 2 })
    expect(bench.node.link('source').state).toBe('up')
    await bench.stopped()
  })
})

/** A thenable that is not a Promise. */
const thenable = (then: (ok: (value: unknown) => void, no: (error: unknown) => void) => void) => ({
  then,
})

describe('a router that promises', () => {
  it.each<[string, () => unknown, string]>([
    [
      'and throws',
      () =>
        thenable(() => {
          throw new Error('not so')
        }),
      'router threw',
    ],
    [
      'and rejects without a reason',
      () =>
        thenable((_ok, no) => {
          no(Object.create(null))
        }),
      'router threw',
    ],
    [
      'a promise',
      () =>
        thenable((ok) => {
          ok(thenable(() => undefined))
        }),
      'router promised a promise',
    ],
    [
      'a proxy that throws',
      () =>
        thenable((ok) => {
          ok(proxy)
        }),
      'router threw',
    ],
    [
      'an odd delay',
      () =>
        thenable((ok) => {
          ok({ defer: Symbol('later') })
        }),
      'router deferred',
    ],
  ])('%s costs only its message', async (_name, answer, reason) => {
    const bench = hostile(answer)
    bench.send('x', { id: 'x' })
    await costsOneMessage(bench, reason)
  })

  it('and settles immediately, twice, and then throws, is followed once', async () => {
    const bench = hostile(() =>
      thenable((ok, no) => {
        ok('peer')
        ok('source')
        no(new Error('or not'))
        throw new Error('after all')
      }),
    )
    bench.send('x')
    await bench.clock.settle()
    expect(bench.node.counters).toMatchObject({ routed: 1, copies: 1, undeliverable: 0 })
    expect(bench.node.link('source').counters.enqueued).toBe(0)
    await bench.stopped()
  })

  it('and never settles delays only its own messages', async () => {
    const bench = hostile(() => new Promise(() => undefined))
    for (let at = 0; at < 100; at++) bench.send('x')
    bench.send(FINE)
    bench.soon()
    expect(bench.node.link('peer').counters.enqueued).toBe(1)
    bench.clock.advance(1_000)
    expect(bench.node.counters).toMatchObject({ routing: 0, undeliverable: 100 })
    await bench.stopped()
  })
})

describe('a router that changes its arguments or calls the node', () => {
  it('and changes the number of deferrals does not affect the ledger', async () => {
    const bench = hostile((message) => {
      Object.assign(message, { deferrals: -1 })
      return { defer: 1 }
    })
    bench.send('x', { ttlMs: 50 })
    bench.clock.advance(100)
    expect(bench.node.counters).toMatchObject({ accepted: 1, expired: 1 })
    await bench.stopped()
  })

  it('and sends within its call has both messages routed', async () => {
    let asked = 0
    const bench: TestNode = hostile(() => {
      if (++asked < 3) bench.send('another')
      return ['peer', 'source']
    })
    bench.send('x')
    bench.soon()
    expect(bench.node.counters).toMatchObject({ accepted: 3, copies: 6 })
    await bench.stopped()
  })

  it('and sends without end is stopped', async () => {
    const bench: TestNode = hostile(() => {
      bench.send('and on')
      return 'peer'
    })
    bench.send('x')
    bench.soon()
    bench.checkLedgers()
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })

  it('and stops the node within its call leaves the ledger balanced', async () => {
    const bench: TestNode = hostile(() => {
      void bench.node.stop()
      return 'peer'
    })
    bench.send('x', { id: 'x' })
    bench.clock.advance(60_000)
    expect(bench.outcomes.filter(({ id }) => id === 'x')).toHaveLength(1)
    await bench.stopped()
  })
})

function getter(): PropertyDescriptor {
  return { get: throwing('getter'), enumerable: true }
}
