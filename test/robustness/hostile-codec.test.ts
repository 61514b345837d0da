import { Len16Codec } from '@commloop/codec-len16'
import type { EntryOptions, FrameCodec, FrameDecoder } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from '../node/test-node.js'
import { hostileValues } from './hostile-values.js'

const SOUND = new Len16Codec()

/** The correct codec with some faulty members. */
function codec(wrong: Partial<FrameCodec>): FrameCodec {
  return {
    payloadBytesMax: SOUND.payloadBytesMax,
    header: undefined,
    frameBytesMax: (bytes) => SOUND.frameBytesMax(bytes),
    encode: (payload, into, at) => SOUND.encode(payload, into, at),
    createDecoder: () => SOUND.createDecoder(),
    ...wrong,
  }
}

function decoder(wrong: Partial<FrameDecoder>): FrameDecoder {
  const sound = SOUND.createDecoder()
  return {
    push: (chunk) => {
      sound.push(chunk)
    },
    next: () => sound.next(),
    midFrame: false,
    end: () => {
      sound.end()
    },
    ...wrong,
  }
}

/** Two links that are up: `bad` has the faulty codec, `good` the correct one. */
function pair(value: FrameCodec, more: Partial<EntryOptions> = {}) {
  const bench = TestNode.started({
    links: [
      { ...PEER, id: 'bad', codec: { spec: 'bad', value }, ...more },
      { ...PEER, id: 'good' },
    ],
  })
  const [bad, good] = bench.transport.dials.map((dial) => dial.open())
  if (bad === undefined || good === undefined) throw new Error('not dialled')
  return { bench, bad, good }
}

const throwing = (value: unknown) => (): never => {
  throw value
}
const BARE = Object.create(null) as object

describe('a codec with invalid sizes', () => {
  it.each<[string, Partial<FrameCodec>]>([
    ['payloadBytesMax', { payloadBytesMax: Number.NaN }],
    ['payloadBytesMax', { payloadBytesMax: -1 }],
    ['payloadBytesMax', { payloadBytesMax: '65535' as unknown as number }],
    ['frameBytesMax(0)', { frameBytesMax: () => Number.POSITIVE_INFINITY }],
    ['frameBytesMax(0)', { frameBytesMax: throwing(BARE) }],
    ['header.bytes', { header: { bytes: -2, write: () => undefined } }],
  ])('is refused before anything starts, by the name of the member: %s', (name, wrong) => {
    expect(() => pair(codec(wrong))).toThrow(`bad: the codec's ${name} is`)
  })
})

describe('a codec that ends its own link while a write is encoded', () => {
  it('closes it after that write', async () => {
    const own: { close?: () => void } = {}
    const encode: FrameCodec['encode'] = (payload, into, at) => {
      own.close?.()
      return SOUND.encode(payload, into, at)
    }
    const { bench, bad } = pair(codec({ encode }))
    own.close = () => {
      bench.node.link('bad').close()
    }
    bench.send('one', { to: 'bad' })
    bench.soon()
    expect([bad.sent, bad.finSent]).toEqual([['one'], false])
    bad.written()
    expect(bad.finSent).toBe(true)
    await bench.stopped()
  })

  it('loses no copy of that write if the connection is reset', async () => {
    const own: { reset?: () => void } = {}
    const encode: FrameCodec['encode'] = (payload, into, at) => {
      const { reset } = own
      delete own.reset
      reset?.()
      return SOUND.encode(payload, into, at)
    }
    const { bench, bad } = pair(codec({ encode }))
    own.reset = () => {
      bad.reset()
    }
    bench.send('one', { to: 'bad' })
    bench.send('two', { to: 'bad' })
    bench.soon()
    expect(bad.sent).toEqual([])
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    bench.clock.advance(1_000)
    expect(next.sent).toEqual(['one', 'two'])
    next.written()
    expect(bench.node.link('bad').counters).toMatchObject({ written: 2, queued: 0 })
    await bench.stopped()
  })
})

describe('a codec that cannot decode', () => {
  it.each<[string, Partial<FrameCodec>]>([
    ['throws for a decoder', { createDecoder: throwing(new Error('none left')) }],
    ['has none', { createDecoder: () => undefined as unknown as FrameDecoder }],
    ['throws at bytes', { createDecoder: () => decoder({ push: throwing(BARE) }) }],
    ['throws at a payload', { createDecoder: () => decoder({ next: throwing(Symbol('no')) }) }],
    [
      'throws in midFrame',
      {
        createDecoder: () => Object.defineProperty(decoder({}), 'midFrame', { get: throwing('x') }),
      },
    ],
    [
      'returns the same payload again and again',
      { createDecoder: () => decoder({ next: () => new Uint8Array([1]) }) },
    ],
    [
      'returns an empty payload again and again',
      { createDecoder: () => decoder({ next: () => new Uint8Array(0) }) },
    ],
  ])('costs its link and no other where it %s', async (_name, wrong) => {
    const { bench, bad, good } = pair(codec(wrong))
    bad.receive('x')
    expect(bad.destroyed).toBe(true)
    expect(bench.states.find((state) => state.startsWith('bad backoff'))).toContain(
      'protocol error',
    )
    expect(bench.messages.filter((text) => text.startsWith('bad')).length).toBeLessThanOrEqual(3)
    good.receive('still here')
    expect(bench.messages.at(-1)).toBe('good#1 still here')
    await bench.stopped()
  })

  it.each(hostileValues().filter(([name]) => name !== 'nothing' && name !== 'bytes'))(
    'costs only its link if a payload is %s',
    async (_name, value) => {
      const next = (): Uint8Array => value as Uint8Array
      const { bench, bad } = pair(codec({ createDecoder: () => decoder({ next }) }))
      bad.receive('x')
      expect(bad.destroyed).toBe(true)
      expect(bench.messages).toEqual([])
      await bench.stopped()
    },
  )

  it('costs only its link if it never finds a frame', async () => {
    const next = (): undefined => undefined
    const push = (): void => undefined
    const { bench, bad, good } = pair(codec({ createDecoder: () => decoder({ next, push }) }))
    const chunk = new Uint8Array(65_536)
    let chunks = 0
    while (!bad.destroyed && chunks < 1_000) {
      bad.receiveBytes(chunk)
      chunks++
    }
    expect(chunks).toBeGreaterThan(16)
    expect(chunks).toBeLessThan(20)
    expect(bench.states.find((state) => state.startsWith('bad backoff'))).toContain('found no')
    expect(good.destroyed).toBe(false)
    await bench.stopped()
  })

  it('is not confused with a codec that receives many empty frames in one chunk', async () => {
    const { bench, bad } = pair(codec({}))
    bad.receiveBytes(new Uint8Array(2 * 1_000))
    expect(bench.messages).toHaveLength(1_000)
    expect(bad.destroyed).toBe(false)
    await bench.stopped()
  })

  it('is not confused with a codec whose frames wait during a pause', async () => {
    const { bench, bad } = pair(codec({}))
    bench.node.on('message', () => {
      bench.node.link('bad').pause()
    })
    bad.receive('a', 'b', 'c')
    for (let at = 0; at < 3; at++) bench.node.link('bad').resume()
    expect(bench.messages).toEqual(['bad#1 a', 'bad#1 b', 'bad#1 c'])
    expect(bad.destroyed).toBe(false)
    await bench.stopped()
  })

  it('is only reported if it throws at the end of the stream', async () => {
    const end = throwing(BARE)
    const { bench, bad } = pair(codec({ createDecoder: () => decoder({ end }) }))
    bad.receive('x')
    bad.fin()
    bad.closed()
    expect(bench.node.link('bad').state).toBe('backoff')
    await bench.stopped()
  })
})

describe('a codec that cannot encode', () => {
  it.each<[string, Partial<FrameCodec>]>([
    ['throws', { encode: throwing(BARE) }],
    ['answers where it began', { encode: (_payload, _into, at) => at }],
    ['answers before that', { encode: (_payload, _into, at) => at - 1 }],
    ['answers beyond its room', { encode: (payload, _into, at) => at + payload.length + 3 }],
    ['answers a fraction', { encode: (_payload, _into, at) => at + 0.5 }],
    ['answers NaN', { encode: () => Number.NaN }],
    ['answers a symbol', { encode: () => Symbol('end') as unknown as number }],
    ['asks for more room than there is', { frameBytesMax: (bytes) => (bytes === 1 ? 2 ** 50 : 1) }],
    ['asks for no number', { frameBytesMax: (bytes) => (bytes === 1 ? Number.NaN : 1) }],
    [
      'throws in frameBytesMax',
      {
        frameBytesMax: (bytes) => {
          if (bytes === 1) throw new Error('room')
          return SOUND.frameBytesMax(bytes)
        },
      },
    ],
  ])('costs that copy and no connection where it %s', async (_name, wrong) => {
    const { bench, bad, good } = pair(codec(wrong))
    bench.send('x', { to: ['bad', 'good'], id: 'x' })
    bench.soon()
    expect(bench.outcomes).toContainEqual({
      id: 'x',
      link: 'bad',
      outcome: 'undeliverable',
      reason: 'codec',
      code: 'codec',
      count: 1,
    })
    expect(bench.warnings).toContain('CODEC_ENCODE')
    expect([bad.destroyed, good.sent]).toEqual([false, ['x']])
    await bench.stopped()
  })

  it('costs only the heartbeat if it cannot encode it', async () => {
    // The node tries each heartbeat with its codec before the start. This codec fails later.
    let broken = false
    const encode: FrameCodec['encode'] = (payload, into, at) => {
      if (broken) throw new Error('no')
      return SOUND.encode(payload, into, at)
    }
    const { bench, bad } = pair(codec({ encode }), { heartbeat: { every: '1s', payload: 'hb' } })
    broken = true
    bench.clock.advance(2_500)
    expect(bench.warnings).toContain('CODEC_ENCODE')
    expect(bad.writes).toEqual([])
    expect(bench.node.link('bad').state).toBe('up')
    await bench.stopped()
  })

  it('does not block the copies behind the one that it cannot encode', async () => {
    const failing = codec({
      payloadBytesMax: 1_000_000,
      frameBytesMax: (bytes) => bytes + 1,
      encode: (payload, into, at) => {
        if (payload.length === 1) throw new Error('one byte')
        into.set(payload, at)
        return at + payload.length
      },
    })
    const { bench, bad } = pair(failing)
    bench.send('x', { to: 'bad' })
    // Larger than a usual write, so it needs a separate buffer.
    bench.send('y'.repeat(300_000), { to: 'bad' })
    bench.soon()
    expect(bad.writes.flat().map((chunk) => chunk.length)).toEqual([300_000])
    bad.written()
    await bench.stopped()
  })
})
