import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { FaultPeer, type FaultStep, wireFrame } from '@commloop/fault-peer'
import { eventually } from '../peer/eventually.js'
import { numbered } from '../peer/payloads.js'
import { closeRawPeersAfterEach, RawPeer } from '../peer/raw-peer.js'
import { NodeUnderTest, stopNodesAfterEach } from './node-under-test.js'

stopNodesAfterEach()
closeRawPeersAfterEach()

/** Three frames: one of a byte, one below and one above 255 bytes, above which the first length byte is used. */
const PAYLOADS = [Buffer.from('a'), numbered(1, 254), numbered(2, 600)]
const FRAMES = PAYLOADS.map((payload) => wireFrame(payload))
const CORPUS = Buffer.concat(FRAMES)
const TEXTS = PAYLOADS.map((payload) => payload.toString('latin1'))
/** Concurrent connections; each lane is a separate peer with a separate address. */
const LANES = 24

/** How many frames lie whole before a place in the corpus, and how many bytes of the next one do. */
function before(at: number): { readonly whole: number; readonly partBytes: number } {
  let end = 0
  let whole = 0
  for (const frame of FRAMES) {
    if (end + frame.length > at) return { whole, partBytes: at - end }
    end += frame.length
    whole++
  }
  return { whole, partBytes: 0 }
}

interface Lane {
  readonly link: string
  readonly from: string
  readonly port: number
  epochs: number
}

interface CutCase {
  readonly at: number
  readonly texts: readonly string[]
  readonly reason: string
}

/** Plays every number once, in order on each lane, and answers what the node made of each connection. */
async function onLanes(
  numbers: readonly number[],
  play: (number: number, lane: Lane, under: NodeUnderTest) => Promise<void>,
): Promise<CutCase[]> {
  const lanes = Array.from({ length: LANES }, (_, at) => ({
    link: `lane-${String(at)}`,
    from: `127.0.8.${String(at + 1)}`,
  }))
  const under = await NodeUnderTest.start({
    listen: { host: '127.0.0.1', port: 0 },
    links: lanes.map(({ link, from }) => ({ id: link, role: 'passive', ip: from })),
  })
  const played: CutCase[] = []
  const left = [...numbers]
  const playLane = async (lane: Lane): Promise<void> => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) {
      const epoch = ++lane.epochs
      await play(at, lane, under)
      const reason = await under.lost(lane.link, epoch)
      played.push({ at, texts: under.textsOf(lane.link, epoch), reason })
    }
  }
  await Promise.all(lanes.map((lane) => playLane({ ...lane, port: under.port, epochs: 0 })))
  return played.sort((left, right) => left.at - right.at)
}

/** The same by steps of a fault peer. */
function playEach(
  numbers: readonly number[],
  stepsFor: (number: number) => readonly FaultStep[],
): Promise<CutCase[]> {
  return onLanes(numbers, async (at, { from, port }) => {
    const peer = FaultPeer.dialling({ ip: '127.0.0.1', port, from })
    const report = await peer.play(stepsFor(at))
    expect(report.failure, `cut at ${String(at)}`).toBeUndefined()
  })
}

/** Before that, Linux would send FIN for what was written just now. */
const BEFORE_RESET_MS = 2

/** Sends this many bytes of the corpus, then RST, after the node has accepted the connection. */
function resetAt(
  cut: (peer: RawPeer, readBytes: () => number, at: number) => Promise<void>,
): Promise<CutCase[]> {
  return onLanes(EVERY_CUT, async (at, lane, { node }) => {
    const handle = node.link(lane.link)
    const bytesBefore = handle.counters.receivedBytes
    const peer = await RawPeer.dial({ from: lane.from, port: lane.port })
    await eventually('the node to let the peer in', () => handle.epoch === lane.epochs)
    await peer.write(CORPUS.subarray(0, at))
    await cut(peer, () => handle.counters.receivedBytes - bytesBefore, at)
    peer.reset()
  })
}

const EVERY_CUT = Array.from({ length: CORPUS.length + 1 }, (_, at) => at)

describe(`a connection that ends within three frames, at each of ${String(CORPUS.length)} bytes`, () => {
  it('by RST: the frames before it are delivered, nothing of the cut one, and the reason is the reset', async () => {
    const cases = await resetAt(async (_, readBytes, at) => {
      await eventually('the node to read', () => readBytes() === at)
      await delay(BEFORE_RESET_MS)
    })
    expect(cases).toHaveLength(EVERY_CUT.length)
    for (const { at, texts, reason } of cases) {
      expect(texts, String(at)).toEqual(TEXTS.slice(0, before(at).whole))
      expect(reason, String(at)).toBe('reset by peer')
    }
  })

  it('by RST hard behind the bytes: what is delivered is whole and in order', async () => {
    const cases = await resetAt(() => delay(BEFORE_RESET_MS))
    expect(cases).toHaveLength(EVERY_CUT.length)
    for (const { at, texts, reason } of cases) {
      // What the kernel had not handed over yet is lost with a reset.
      expect(texts.length, String(at)).toBeLessThanOrEqual(before(at).whole)
      expect(texts, String(at)).toEqual(TEXTS.slice(0, texts.length))
      // If a reset is read together with the last bytes, libuv reports it like an end.
      expect(reason, String(at)).toMatch(/^(reset by peer|peer closed|the stream ended \d+ bytes)/)
    }
  })

  it('by FIN: every frame before it is delivered, nothing of the cut one, and the reason contains the position', async () => {
    const cases = await playEach(EVERY_CUT, (at) => [
      { do: 'open' },
      { do: 'send bytes', bytes: CORPUS.subarray(0, at) },
      { do: 'send FIN' },
      { do: 'expect end', how: 'FIN', withinMs: 20_000 },
    ])
    expect(cases).toHaveLength(EVERY_CUT.length)
    for (const { at, texts, reason } of cases) {
      const { whole, partBytes } = before(at)
      expect(texts, String(at)).toEqual(TEXTS.slice(0, whole))
      expect(reason, String(at)).toMatch(
        partBytes === 0
          ? /^peer closed$/
          : new RegExp(`^the stream ended ${String(partBytes)} bytes into a frame`),
      )
    }
  })
})

describe('three frames', () => {
  async function received(number: number, stepsFor: (at: number) => readonly FaultStep[]) {
    const numbers = Array.from({ length: number }, (_, at) => at + 1)
    const ends: FaultStep[] = [
      { do: 'send FIN' },
      { do: 'expect end', how: 'FIN', withinMs: 20_000 },
    ]
    return playEach(numbers, (at) => [{ do: 'open' }, ...stepsFor(at), ...ends])
  }

  it('in two segments, parted at every byte, come out as if they had been one', async () => {
    const cases = await received(CORPUS.length - 1, (at) => [
      { do: 'send bytes', bytes: CORPUS.subarray(0, at) },
      // Usually long enough for the first part to be read separately.
      { do: 'wait', ms: 1 },
      { do: 'send bytes', bytes: CORPUS.subarray(at) },
    ])
    for (const { at, texts, reason } of cases) {
      expect(texts, String(at)).toEqual(TEXTS)
      expect(reason).toBe('peer closed')
    }
  })

  it('one byte at a time come out as if they had been one', async () => {
    const [trickled] = await received(1, () => [{ do: 'send bytes', bytes: CORPUS, paceMs: 0 }])
    expect(trickled?.texts).toEqual(TEXTS)
  })
})

describe('a dialled link whose peer resets within a frame', () => {
  it('dials again, and the next connection begins with a clean frame', async () => {
    const peer = await FaultPeer.listening({ ip: '127.0.0.1', port: 0 })
    try {
      const under = await NodeUnderTest.start({
        links: [{ id: 'out', role: 'active', ip: '127.0.0.1', port: peer.port }],
      })
      const report = await peer.play([
        { do: 'open' },
        { do: 'send frames', payloads: ['whole'] },
        { do: 'send part of a frame', payload: 'cut in two', bytes: 7 },
        { do: 'wait', ms: 20 },
        { do: 'reset' },
        { do: 'open' },
        { do: 'send frames', payloads: ['clean'] },
        { do: 'expect open', forMs: 20 },
      ])
      expect(report).toMatchObject({ held: true, dials: 2 })
      await eventually('the clean frame', () => under.textsOf('out', 2).length === 1)
      expect(under.messages.map(({ text }) => text)).toEqual(['whole', 'clean'])
      expect(await under.lost('out', 1)).toBe('reset by peer')
    } finally {
      await peer.close()
    }
  })
})
