import { LengthFieldCodec } from '@commloop/codec-length-field'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'

const CODEC = new LengthFieldCodec({
  length: { bytes: 2, offset: 1 },
  magic: { hex: '68' },
  trailer: [{ checksum: 'sum-8' }],
  resync: 'hunt',
})

function frameOf(text: string): Buffer {
  const into = Buffer.alloc(CODEC.frameBytesMax(text.length))
  return into.subarray(0, CODEC.encode(Buffer.from(text), into, 0))
}

const up = () => {
  const links = [{ ...PEER, codec: { spec: 'hunting', value: CODEC } }]
  const bench = TestNode.started({ links })
  return { bench, connection: bench.transport.lastDial.open() }
}

describe('a link whose codec hunts', () => {
  it('delivers the frames within a damaged one, also if its last byte is a chunk of its own', async () => {
    const { bench, connection } = up()
    const inner = Buffer.concat(Array.from('abcdefgh', frameOf))
    // A header that announces as many bytes as follow, and a checksum that is wrong.
    const damaged = Buffer.concat([Buffer.from([0x68, 0, inner.length]), inner, Buffer.from([0])])
    connection.receiveBytes(damaged.subarray(0, -1))
    expect(bench.messages).toEqual([])
    connection.receiveBytes(damaged.subarray(-1))
    expect(bench.messages).toEqual(Array.from('abcdefgh', (text) => `peer#1 ${text}`))
    expect(connection.destroyed).toBe(false)
    expect(bench.node.link('peer').counters).toMatchObject({ droppedFrames: 1, skippedBytes: 4 })
    await bench.stopped()
    expect(bench.warnings).toEqual(['FRAMES_DROPPED'])
  })

  it('ends the connection if garbage never ends', async () => {
    const { bench, connection } = up()
    const garbage = new Uint8Array(256 * 1024).fill(0x55)
    for (let each = 0; each < 20 && !connection.destroyed; each++) connection.receiveBytes(garbage)
    expect(connection.destroyed).toBe(true)
    expect(bench.states.at(-1)).toMatch(/protocol error: the codec found no frame in \d+ bytes/)
    await bench.stopped()
  })
})

describe('a link whose codec does not hunt', () => {
  it('ends with the first damaged frame, and says which checksum it has', async () => {
    const codec = new LengthFieldCodec({ length: 1, trailer: [{ checksum: 'sum-8' }] })
    const links = [{ ...PEER, codec: { spec: 'closing', value: codec } }]
    const bench = TestNode.started({ links })
    bench.transport.lastDial.open().receiveBytes(Buffer.from('0161ff', 'hex'))
    expect(bench.states.at(-1)).toBe(
      'peer backoff (protocol error: the frame has the checksum ff, expected 62 ("b"))',
    )
    await bench.stopped()
  })
})
