import { Len16Codec, len16Codec } from '@commloop/codec-len16'
import { createNode } from '@commloop/core'
import { wireFrame } from '@commloop/fault-peer'
import { tcpTransport } from '@commloop/transport-tcp'
import { eventually } from '../peer/eventually.js'
import { RawPeer } from '../peer/raw-peer.js'
import { liveBytes } from './live-memory.js'

/** The largest frame without its last byte: it never gets whole. */
const UNFINISHED = wireFrame(Buffer.alloc(65_535, 0x61)).subarray(0, -1)
const CHUNKS = Array.from(UNFINISHED, (byte) => Uint8Array.of(byte))

export interface UnfinishedFrameFigures {
  /** Live memory of one unfinished frame of 65,535 bytes that came in chunks of one byte. */
  readonly bytesEach: number
  /** Processor time for one such frame. */
  readonly cpuMsEach: number
}

/** Decoders alone, each fed with the frame byte by byte. */
export async function unfinishedInDecoders(count = 50): Promise<UnfinishedFrameFigures> {
  const codec = new Len16Codec()
  // The first are slower, and bring memory of the machine's own along.
  for (let turn = 0; turn < 5; turn++) feed(codec.createDecoder())
  const before = await liveBytes()
  const cpuBefore = process.cpuUsage()
  const decoders = Array.from({ length: count }, () => codec.createDecoder())
  for (const decoder of decoders) feed(decoder)
  const cpu = process.cpuUsage(cpuBefore)
  const after = await liveBytes()
  if (!decoders.every(({ midFrame }) => midFrame)) throw new Error('a frame got whole')
  return { bytesEach: (after - before) / count, cpuMsEach: cpu.user / 1_000 / count }
}

function feed(decoder: ReturnType<Len16Codec['createDecoder']>): void {
  for (const chunk of CHUNKS) {
    decoder.push(chunk)
    if (decoder.next() !== undefined) throw new Error('a frame got whole')
  }
}

/** Links of a node with real sockets, each with a peer that writes the frame byte by byte. Without processor time. */
export async function unfinishedOnLinks(
  count = 4,
): Promise<Pick<UnfinishedFrameFigures, 'bytesEach'>> {
  const addresses = Array.from({ length: count }, (_, at) => `127.0.10.${String(at + 1)}`)
  const links = addresses.map((ip) => ({ id: ip, role: 'passive' as const, ip, partialFrame: 0 }))
  const options = { listen: { host: '127.0.0.1', port: 0 }, links }
  const node = createNode(options, tcpTransport(), len16Codec())
  await node.start()
  const peers: RawPeer[] = []
  try {
    for (const from of addresses) {
      peers.push(await RawPeer.dial({ from, port: node.listening?.port ?? 0 }))
    }
    await eventually('all up', () => node.links().every(({ state }) => state === 'up'))
    const before = await liveBytes()
    for (const peer of peers) await trickle(peer)
    const all = (): boolean =>
      node.links().every(({ counters }) => counters.receivedBytes === UNFINISHED.length)
    await eventually('every byte received', all)
    const after = await liveBytes()
    return { bytesEach: (after - before) / count }
  } finally {
    for (const peer of peers) peer.destroy()
    await node.stop()
  }
}

/** Many writes of one byte in each turn of the event loop: how they are parted again is the kernel's affair. */
async function trickle(peer: RawPeer): Promise<void> {
  const IN_ONE_TURN = 64
  for (let at = 0; at < UNFINISHED.length; at += IN_ONE_TURN) {
    const bytes = UNFINISHED.subarray(at, at + IN_ONE_TURN)
    await Promise.all(Array.from(bytes, (byte) => peer.write(Uint8Array.of(byte))))
  }
}
