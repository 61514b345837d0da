import { describe, expect, it } from 'vitest'
import { numbered } from '../peer/payloads.js'
import { type LengthShape, rawFrame } from '../peer/raw-frames.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const LENGTHS = [0, 1, 255, 256, 32_767, 32_768, 65_535]

async function pair(
  codec: string,
  shape?: LengthShape,
): Promise<{ node: RunningNode; peer: RawPeer }> {
  const node = await RunningNode.start(`
    listen: { host: 127.0.0.1, port: 0 }
    ${codec}
    links:
      - { id: peer, role: passive, ip: 127.0.0.2 }
  `)
  const peer = await RawPeer.dial({
    from: '127.0.0.2',
    port: node.port,
    ...(shape === undefined ? {} : { shape }),
  })
  await node.link('peer', 'up')
  return { node, peer }
}

function bytesOf(length: number): Buffer {
  return length < 4 ? Buffer.alloc(length, 0xa5) : numbered(length, length)
}

async function bothWays(node: RunningNode, peer: RawPeer, payload: Buffer): Promise<void> {
  const [sent, received] = [peer.payloads.length, node.messages('peer').length]
  node.send(payload, { to: 'peer' })
  await peer.send(payload)
  await peer.received(sent + 1)
  await node.received('peer', received + 1)
  expect(peer.payloads.at(-1)?.equals(payload)).toBe(true)
  expect(node.messages('peer').at(-1)?.payload.equals(payload)).toBe(true)
}

describe('every message is 2 bytes big-endian length, then that many bytes', () => {
  it('on the wire, byte by byte', async () => {
    const { node, peer } = await pair('')
    const bytes: Buffer[] = []
    peer.onBytes = (chunk) => bytes.push(chunk)
    node.process.send({ hex: '616263', to: 'peer' })
    node.process.send({ payload: '', to: 'peer' })
    node.process.send({ base64: Buffer.alloc(258, 7).toString('base64'), to: 'peer' })
    await peer.received(3)
    expect(Buffer.concat(bytes).toString('hex')).toBe(`000361626300000102${'07'.repeat(258)}`)
    await peer.write(Buffer.from('0002c3a4' + '0000' + '000100', 'hex'))
    await node.received('peer', 3)
    expect(node.messages('peer').map(({ payload }) => payload.toString('hex'))).toEqual([
      'c3a4',
      '',
      '00',
    ])
  })

  it.each(LENGTHS)('a payload of %i bytes goes both ways', async (length) => {
    const { node, peer } = await pair('')
    await bothWays(node, peer, bytesOf(length))
    expect(peer.receivedBytes).toBe(2 + length)
  })

  it('all of them in one connection, back to back', async () => {
    const { node, peer } = await pair('')
    for (const length of LENGTHS) node.send(bytesOf(length), { to: 'peer' })
    await peer.write(Buffer.concat(LENGTHS.map((length) => rawFrame(bytesOf(length)))))
    await peer.received(LENGTHS.length)
    await node.received('peer', LENGTHS.length)
    expect(peer.payloads.map(({ length }) => length)).toEqual(LENGTHS)
    expect(node.messages('peer').map(({ payload }) => payload.length)).toEqual(LENGTHS)
    expect(Buffer.concat(peer.payloads).equals(Buffer.concat(LENGTHS.map(bytesOf)))).toBe(true)
  })
})

describe('a payload of 65,536 bytes is refused with a typed error', () => {
  it('nothing of it reaches the wire, and the next message does', async () => {
    const { node, peer } = await pair('')
    node.send(Buffer.alloc(65_536, 1), { to: 'peer', id: 'too large' })
    node.send(Buffer.alloc(65_537, 1), { to: 'peer' })
    node.send('next', { to: 'peer', id: 'next' })
    expect(await node.error(({ line }) => line === 1)).toMatchObject({
      code: 'CML_ERR_PAYLOAD_TOO_LARGE',
      id: 'too large',
    })
    expect(await node.error(({ line }) => line === 2)).toMatchObject({
      code: 'CML_ERR_PAYLOAD_TOO_LARGE',
    })
    expect(await node.outcome('next')).toMatchObject({ outcome: 'written' })
    await peer.received(1)
    expect(peer.texts).toEqual(['next'])
    expect(peer.receivedBytes).toBe(6)
    expect(node.outcomes().filter(({ id }) => id === 'too large')).toEqual([])
  })

  it('also if the router names the link', async () => {
    const { node, peer } = await pair('')
    node.send(Buffer.alloc(65_536, 1), { id: 'too large' })
    node.send('next', { id: 'next' })
    expect(await node.error(({ id }) => id === 'too large')).toMatchObject({
      code: 'CML_ERR_PAYLOAD_TOO_LARGE',
    })
    await peer.received(1)
    expect(peer.texts).toEqual(['next'])
  })
})

describe('little endian and length-includes-header are options', () => {
  it('little endian', async () => {
    const { node, peer } = await pair('codec: { use: len16, byteOrder: little }', {
      byteOrder: 'little',
    })
    for (const length of LENGTHS) await bothWays(node, peer, bytesOf(length))
  })

  it('length includes the header: up to 65 533 bytes, then refused', async () => {
    const { node, peer } = await pair('codec: { use: len16, lengthIncludesHeader: true }', {
      includesHeader: true,
    })
    const lengths = [0, 1, 253, 254, 32_765, 32_766, 65_533]
    for (const length of lengths) await bothWays(node, peer, bytesOf(length))
    const before = peer.receivedBytes
    node.send(Buffer.alloc(65_534), { to: 'peer', id: 'one more' })
    node.send('next', { to: 'peer' })
    expect(await node.error(({ id }) => id === 'one more')).toMatchObject({
      code: 'CML_ERR_PAYLOAD_TOO_LARGE',
    })
    await peer.received(lengths.length + 1)
    expect(peer.receivedBytes).toBe(before + 6)
  })

  it('both at once', async () => {
    const codec = 'codec: { use: len16, byteOrder: little, lengthIncludesHeader: true }'
    const { node, peer } = await pair(codec, { byteOrder: 'little', includesHeader: true })
    for (const length of [0, 1, 254, 65_533]) await bothWays(node, peer, bytesOf(length))
  })

  it('a length that does not cover its own header ends the connection', async () => {
    const { node, peer } = await pair('codec: { use: len16, lengthIncludesHeader: true }', {
      includesHeader: true,
    })
    await peer.send('good')
    await peer.write(Buffer.from([0, 1]))
    expect((await node.link('peer', 'awaiting', 1)).reason).toMatch(/protocol error: .*header/)
    expect(node.texts('peer')).toEqual(['good'])
    await peer.close()
  })

  it('maxPayload limits both directions: a larger frame of the peer ends the connection', async () => {
    const { node, peer } = await pair('codec: { use: len16, maxPayload: 1000 }')
    await bothWays(node, peer, bytesOf(1000))
    node.send(bytesOf(1001), { to: 'peer', id: 'larger' })
    expect(await node.error(({ id }) => id === 'larger')).toMatchObject({
      code: 'CML_ERR_PAYLOAD_TOO_LARGE',
    })
    await peer.send(bytesOf(1001))
    expect((await node.link('peer', 'awaiting', 1)).reason).toMatch(/protocol error: .*1001/)
  })

  it('each entry can have its own options', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      codec: { use: len16, byteOrder: little }
      links:
        - { id: little, role: passive, ip: 127.0.0.2 }
        - { id: big,    role: passive, ip: 127.0.0.3, codec: len16 }
    `)
    const little = await RawPeer.dial({
      from: '127.0.0.2',
      port: node.port,
      shape: { byteOrder: 'little' },
    })
    const big = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    await node.link('little', 'up')
    await node.link('big', 'up')
    node.send('to both', { to: ['little', 'big'] })
    await little.received(1)
    await big.received(1)
    expect([little.texts, big.texts]).toEqual([['to both'], ['to both']])
  })
})
