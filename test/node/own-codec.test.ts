import { Len16Codec } from '@commloop/codec-len16'
import type { EntryOptions, FrameCodec, FrameDecoder } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'

const MIB = 1024 * 1024
const LEN16 = new Len16Codec()

/** A codec whose decoder takes all bytes and never returns a payload; `decoder` replaces members. */
function decodedBy(decoder: Partial<FrameDecoder>, payloadBytesMax = 1_000): FrameCodec {
  return {
    payloadBytesMax,
    header: undefined,
    frameBytesMax: (bytes) => bytes + 2,
    encode: (payload, into, at) => LEN16.encode(payload, into, at),
    createDecoder: () => ({
      push: () => undefined,
      next: () => undefined,
      midFrame: false,
      end: () => undefined,
      ...decoder,
    }),
  }
}

const up = (value: FrameCodec, entry: Partial<EntryOptions> = {}) => {
  const links = [{ ...PEER, ...entry, codec: { spec: 'own', value } }]
  const bench = TestNode.started({ links })
  return { bench, connection: bench.transport.lastDial.open() }
}

/** A decoder for which every byte is a frame. */
function everyByte(): Partial<FrameDecoder> {
  let rest: Uint8Array = new Uint8Array(0)
  return {
    push: (chunk) => {
      rest = chunk
    },
    next: () => {
      const payload = rest.subarray(0, 1)
      rest = rest.subarray(1)
      return payload.length === 0 ? undefined : payload
    },
  }
}

const ENDLESS: Partial<FrameDecoder> = { next: () => Uint8Array.of(0x78) }

describe('a decoder that returns as many payloads as bytes', () => {
  it('is correct, however the bytes arrive', async () => {
    const { bench, connection } = up(decodedBy(everyByte()))
    for (const text of ['abc', 'd', 'ef']) connection.receiveBytes(Buffer.from(text))
    expect(bench.messages).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((byte) => `peer#1 ${byte}`))
    expect(connection.destroyed).toBe(false)
    await bench.stopped()
  })

  it('is wrong if it returns one payload more', async () => {
    const { bench, connection } = up(decodedBy(ENDLESS))
    connection.receiveBytes(Buffer.from('abc'))
    expect(bench.messages).toEqual(['peer#1 x', 'peer#1 x', 'peer#1 x'])
    expect(bench.states.at(-1)).toBe(
      'peer backoff (protocol error: the codec answered more than was sent)',
    )
    await bench.stopped()
  })

  it('is limited in the same way while payloads are discarded', async () => {
    const { bench, connection } = up(decodedBy(ENDLESS))
    bench.node.link('peer').pause()
    connection.receiveBytes(Buffer.from('abc'))
    connection.reset()
    await bench.node.stop()
    expect(bench.node.link('peer').counters).toMatchObject({ received: 0, discarded: 3 })
  })
})

/** A decoder that waits for a `.`, and then drops `x` and returns every other byte. */
function until(dot: string, losses: { skippedBytes: number; droppedFrames: number }) {
  let held = ''
  let ready = ''
  return {
    losses,
    push: (chunk: Uint8Array) => {
      held += Buffer.from(chunk).toString()
      if (!held.endsWith(dot)) return
      losses.skippedBytes += held.length - held.replaceAll('x', '').length
      losses.droppedFrames += held.includes('xx') ? 1 : 0
      ready = held.slice(0, -1).replaceAll('x', '')
      held = ''
    },
    next: () => {
      const payload = ready.slice(0, 1)
      ready = ready.slice(1)
      return payload === '' ? undefined : Buffer.from(payload)
    },
  }
}

describe('a decoder that continues after bytes that are not a frame', () => {
  const losing = (): ReturnType<typeof up> =>
    up(decodedBy(until('.', { skippedBytes: 0, droppedFrames: 0 })))

  it('has its losses counted and reported, those of each chunk once', async () => {
    const { bench, connection } = losing()
    for (const text of ['ax.', 'b.', 'xxc', '.']) connection.receiveBytes(Buffer.from(text))
    expect(bench.messages).toEqual(['a', 'b', 'c'].map((byte) => `peer#1 ${byte}`))
    expect(bench.node.link('peer').counters).toMatchObject({ skippedBytes: 3, droppedFrames: 1 })
    await bench.stopped()
    expect(bench.warnings).toEqual(['FRAMES_DROPPED', 'FRAMES_DROPPED'])
  })

  it('may return the frames that a damaged frame contained when its last byte arrives', async () => {
    const { bench, connection } = losing()
    for (const text of ['abcd', 'e', '.']) connection.receiveBytes(Buffer.from(text))
    expect(bench.messages).toHaveLength(5)
    expect(connection.destroyed).toBe(false)
    await bench.stopped()
  })

  it('is still limited to one payload for each byte', async () => {
    const { bench, connection } = up(
      decodedBy({ ...ENDLESS, losses: { skippedBytes: 0, droppedFrames: 0 } }),
    )
    connection.receiveBytes(Buffer.from('abc'))
    expect(bench.messages).toHaveLength(3)
    expect(connection.destroyed).toBe(true)
    await bench.stopped()
  })
})

describe('a decoder that finds no frame', () => {
  it('may consume its largest frame and 1 MiB, and no byte more', async () => {
    const { bench, connection } = up(decodedBy({}, 3 * MIB))
    for (let mib = 0; mib < 4; mib++) connection.receiveBytes(new Uint8Array(MIB))
    connection.receiveBytes(new Uint8Array(2))
    expect(connection.destroyed).toBe(false)
    connection.receiveBytes(new Uint8Array(1))
    expect(bench.states.at(-1)).toBe(
      'peer backoff (protocol error: the codec found no frame in 4194307 bytes)',
    )
    await bench.stopped()
  })
})

describe('a decoder that fails', () => {
  it('is reported with its result, if that is not a Uint8Array', async () => {
    const next = (): Uint8Array => 'text' as unknown as Uint8Array
    const { bench, connection } = up(decodedBy({ next, midFrame: true }))
    connection.receiveBytes(Buffer.of(1, 2, 3, 4))
    expect(bench.states.at(-1)).toBe('peer backoff (protocol error: the codec answered no bytes)')
    await bench.node.stop()
    expect(bench.clock.pendingTimers, 'timers left').toBe(0)
  })

  it('at the end of frames that have waited costs the connection once, and leaves no timer', async () => {
    const decoder = { ...everyByte(), end: () => undefined }
    const midFrame = (): never => {
      throw new Error('where am I')
    }
    const broken = Object.defineProperty(decoder, 'midFrame', { get: midFrame })
    const { bench, connection } = up({
      ...decodedBy({}),
      createDecoder: () => broken as FrameDecoder,
    })
    bench.node.link('peer').pause()
    connection.receiveBytes(Buffer.from('ab'))
    connection.fin()
    bench.node.link('peer').resume()
    expect(bench.messages).toEqual(['peer#1 a', 'peer#1 b'])
    expect(connection).toMatchObject({ destroyed: true, finSent: false })
    expect(bench.states.at(-1)).toBe('peer backoff (protocol error: where am I)')
    await bench.node.stop()
    expect(bench.clock.pendingTimers).toBe(0)
  })
})

describe('a decoder that returns a payload after it has returned undefined', () => {
  it('is not called after its connection has ended', async () => {
    const answers = ['a', undefined, 'b', 'c']
    const next = (): Uint8Array | undefined => {
      const text = answers.shift()
      return text === undefined ? undefined : Buffer.from(text)
    }
    const value = decodedBy({ next })
    const links: EntryOptions[] = [
      {
        id: 'in',
        role: 'passive',
        ip: '0.0.0.0',
        duplicate: 'replace',
        codec: { spec: 'own', value },
      },
    ]
    const bench = TestNode.started({ listen: { port: 1 }, links })
    bench.node.on('message', () => bench.transport.accept('10.0.0.2'))
    bench.transport.accept('10.0.0.2')?.receive('a', 'b', 'c')
    expect(bench.messages).toEqual(['in#1 a'])
    expect(bench.node.link('in').epoch).toBe(2)
    await bench.stopped()
  })
})

describe('the diagnosis of a peer that does not send frames', () => {
  const REFUSED = 'protocol error: '
  const up16 = () => up(new Len16Codec({ maxPayload: 100 }))

  it('follows the reason if no frame has ever arrived', async () => {
    const { bench, connection } = up16()
    connection.receiveBytes(Buffer.from('G'))
    connection.receiveBytes(Buffer.from('ET / HTTP/1.1\r\n\r\n'))
    expect(bench.states.at(-1)).toContain(`(${REFUSED}`)
    expect(bench.states.at(-1)).toContain('; the peer\'s first bytes ("GET / HTTP/1.1.")')
    await bench.stopped()
  })

  it('is not made after frames have arrived', async () => {
    const { bench, connection } = up16()
    connection.receive('hello')
    connection.receiveBytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect(bench.states.at(-1)).toContain(`(${REFUSED}`)
    expect(bench.states.at(-1)).not.toContain('first bytes')
    await bench.stopped()
  })

  it('is requested from the codec once, with all bytes that have arrived', async () => {
    const asked: string[] = []
    const diagnosis = (opening: Uint8Array): undefined => {
      asked.push(Buffer.from(opening).toString('latin1'))
    }
    const { bench, connection } = up(decodedBy({ midFrame: true, diagnosis }))
    connection.receiveBytes(Buffer.from('never '))
    connection.receiveBytes(Buffer.from('whole'))
    bench.clock.advance(10_000)
    expect(asked).toEqual(['never whole'])
    expect(bench.states).toContain('peer backoff (partial frame)')
    await bench.stopped()
  })

  it.each<[string, () => unknown]>([
    ['words', () => 'smoke signals'],
    ['no words', () => 5],
    [
      'an error',
      () => {
        throw new Error('no idea')
      },
    ],
  ])('may be %s: the reason is told in any case', async (name, diagnosis) => {
    const wrong = { midFrame: true, diagnosis: diagnosis as () => string }
    const { bench, connection } = up(decodedBy(wrong))
    connection.receiveBytes(Buffer.from('x'))
    bench.clock.advance(10_000)
    const words = name === 'words' ? '; smoke signals' : ''
    expect(bench.states).toContain(`peer backoff (partial frame${words})`)
    await bench.stopped()
  })
})
