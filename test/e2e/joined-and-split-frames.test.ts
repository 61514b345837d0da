import { describe, expect, it } from 'vitest'
import { numbered, numberOf, series } from '../peer/payloads.js'
import { rawFrame, rawFrames } from '../peer/raw-frames.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

async function oneIn(): Promise<{ node: RunningNode; peer: RawPeer; marker: RawPeer }> {
  const node = await RunningNode.start(`
    listen: { host: 127.0.0.1, port: 0 }
    links:
      - { id: in,     role: passive, ip: 127.0.0.2 }
      - { id: marker, role: passive, ip: 127.0.0.3 }
  `)
  const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
  const marker = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
  await node.link('in', 'up')
  await node.link('marker', 'up')
  return { node, peer, marker }
}

describe('several frames in one segment', () => {
  it('many frames in one segment are as many messages, in order', async () => {
    const { node, peer } = await oneIn()
    const count = 5000
    await peer.write(rawFrames(series(0, count).map((number) => numbered(number, 10))))
    await node.received('in', count)
    expect(node.messages('in').map(({ payload }) => numberOf(payload))).toEqual(series(0, count))
  })

  it('frames of every size, empty ones too, back to back', async () => {
    const { node, peer } = await oneIn()
    const sizes = [0, 0, 1, 0, 5, 65_535, 0, 300, 65_535, 1, 2, 40_000, 0]
    const payloads = sizes.map((size, at) => Buffer.alloc(size, at + 1))
    await peer.write(rawFrames(payloads))
    await node.received('in', sizes.length)
    const received = node.messages('in').map(({ payload }) => payload)
    expect(received.map(({ length }) => length)).toEqual(sizes)
    expect(Buffer.concat(received).equals(Buffer.concat(payloads))).toBe(true)
  })

  it('on a dialled connection on which the peer sends first', async () => {
    const listener = await RawListener.open({
      host: '127.0.0.2',
      reception: (peer) => {
        void peer.write(rawFrames(series(0, 100).map((number) => numbered(number, 4))))
      },
    })
    const node = await RunningNode.start(`
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    await node.received('out', 100)
    expect(node.messages('out').map(({ payload }) => numberOf(payload))).toEqual(series(0, 100))
  })
})

describe('frames split over several segments', () => {
  it('one byte at a time', async () => {
    const { node, peer } = await oneIn()
    const payloads = [Buffer.from('first'), Buffer.alloc(0), Buffer.from('third'), numbered(4, 700)]
    await peer.writeByteByByte(rawFrames(payloads))
    await node.received('in', payloads.length)
    const received = node.messages('in').map(({ payload }) => payload.toString('hex'))
    expect(received).toEqual(payloads.map((payload) => payload.toString('hex')))
  })

  it('a frame cut at every offset, with both parts read separately', async () => {
    const { node, peer, marker } = await oneIn()
    const frame = rawFrame('a frame that is cut in two')
    for (let cut = 1; cut < frame.length; cut++) {
      await peer.write(frame.subarray(0, cut))
      // The first part was in the node's socket before the marker, so the node has read it when it reports the marker.
      await marker.send(`cut at ${String(cut)}`)
      await node.received('marker', cut)
      expect(node.messages('in')).toHaveLength(cut - 1)
      await peer.write(frame.subarray(cut))
      await node.received('in', cut)
    }
    expect(new Set(node.texts('in'))).toEqual(new Set(['a frame that is cut in two']))
    expect(node.messages('in')).toHaveLength(frame.length - 1)
  })

  it('a stream of frames cut at every offset, the cut falling into headers and payloads alike', async () => {
    const { node, peer, marker } = await oneIn()
    const payloads = ['', 'ab', '', 'c', 'defgh', '']
    const stream = rawFrames(payloads)
    for (let cut = 1; cut < stream.length; cut++) {
      await peer.write(stream.subarray(0, cut))
      await marker.send('read')
      await node.received('marker', cut)
      await peer.write(stream.subarray(cut))
      await node.received('in', cut * payloads.length)
    }
    expect(node.texts('in')).toEqual(series(1, stream.length).flatMap(() => payloads))
  })

  it('the largest frame in uneven parts, between others', async () => {
    const { node, peer, marker } = await oneIn()
    const payloads = [numbered(1, 9), numbered(2, 65_535), numbered(3, 9)]
    const stream = rawFrames(payloads)
    let sent = 0
    for (const [at, size] of [1, 11, 1, 1400, 20_000, 3, 30_000, 14_000].entries()) {
      await peer.write(stream.subarray(sent, sent + size))
      sent += size
      await marker.send('read')
      await node.received('marker', at + 1)
    }
    expect(node.messages('in')).toHaveLength(1)
    await peer.write(stream.subarray(sent))
    await node.received('in', 3)
    expect(node.messages('in').map(({ payload }) => numberOf(payload))).toEqual([1, 2, 3])
  })
})
