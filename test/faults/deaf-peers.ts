import { len16Codec } from '@commloop/codec-len16'
import { CommloopError, createNode, type Node } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { eventually, settledAt } from '../peer/eventually.js'
import { RawPeer } from '../peer/raw-peer.js'
import { liveBytes } from './live-memory.js'

export interface DeafPeersOptions {
  readonly links?: number
  readonly outboxBytes?: number
  /** Default 16 000: for small ones the caller's own objects, which no outbox can count, weigh more than the bytes. */
  readonly payloadBytes?: number
}

/** What peers that never read cost, and what became of everything that was sent to them. */
export interface DeafPeersFigures {
  /** Live memory of one link with a full outbox and a write in progress. */
  readonly bytesPerLink: number
  /** The limit of the outbox, two frames of the largest size and 10 %. */
  readonly bytesPerLinkMax: number
  readonly sends: number
  readonly accepted: number
  /** `send` threw that the outbox is full. */
  readonly refused: number
  /** Reported outcomes, one for each accepted message. */
  readonly outcomes: number
  /** Messages that had no outcome, or more than one. */
  readonly unaccounted: number
}

const FRAME_BYTES_MAX = 65_537
const REFUSALS_IN_A_ROW = 3
/** More than fits into the outboxes and the kernel. */
const SENDS_MAX = 2_000_000

/** Sends to each peer until its outbox is full and stays so, measures, then lets the node end. */
export async function deafPeers(options: DeafPeersOptions = {}): Promise<DeafPeersFigures> {
  const { links = 8, outboxBytes = 2 * 1024 * 1024, payloadBytes = 16_000 } = options
  const addresses = Array.from({ length: links }, (_, at) => `127.0.11.${String(at + 1)}`)
  const node = createNode(
    {
      listen: { host: '127.0.0.1', port: 0 },
      outbox: outboxBytes,
      highWaterMark: outboxBytes,
      stopDeadline: '200ms',
      links: addresses.map((ip) => ({ id: ip, role: 'passive', ip })),
    },
    tcpTransport(),
    len16Codec(),
  )
  // Made beforehand, so that what is kept here is not taken for memory of the node.
  const outcomes = new Uint8Array(SENDS_MAX)
  node.on('outcome', ({ id }) => {
    outcomes[Number(id)] = (outcomes[Number(id)] ?? 0) + 1
  })
  await node.start()
  const peers: RawPeer[] = []
  try {
    for (const from of addresses) {
      const port = node.listening?.port ?? 0
      peers.push(await RawPeer.dial({ from, port, reading: false }))
    }
    await eventually('all up', () => node.links().every(({ state }) => state === 'up'))
    const before = await liveBytes()
    const tally = await fillAll(node, addresses, payloadBytes)
    const after = await liveBytes()
    await node.stop()
    const accepted = outcomes.subarray(0, tally.accepted)
    return {
      ...tally,
      bytesPerLink: (after - before) / links,
      bytesPerLinkMax: 1.1 * (outboxBytes + 2 * FRAME_BYTES_MAX),
      outcomes: outcomes.reduce((sum, count) => sum + count, 0),
      unaccounted: accepted.filter((count) => count !== 1).length,
    }
  } finally {
    for (const peer of peers) peer.destroy()
    await node.stop()
  }
}

interface Tally {
  sends: number
  accepted: number
  refused: number
}

/** Sends until the kernel takes nothing more and every outbox refuses. */
async function fillAll(node: Node, links: readonly string[], payloadBytes: number): Promise<Tally> {
  const tally: Tally = { sends: 0, accepted: 0, refused: 0 }
  const written = (): number => node.links().reduce((sum, link) => sum + link.counters.written, 0)
  for (let before = -1; before !== written();) {
    before = written()
    for (const link of links) fill(node, link, payloadBytes, tally)
    await settledAt('what the kernel takes', written, { looks: 3, everyMs: 50 })
  }
  return tally
}

function fill(node: Node, link: string, payloadBytes: number, tally: Tally): void {
  for (let refusals = 0; refusals < REFUSALS_IN_A_ROW;) {
    tally.sends++
    try {
      // A separate payload for each message, because payloads are kept by reference.
      node.send(Buffer.alloc(payloadBytes), { to: link, id: String(tally.accepted) })
      tally.accepted++
    } catch (error) {
      if (!CommloopError.is(error) || error.code !== 'CML_ERR_OUTBOX_FULL') throw error
      tally.refused++
      refusals++
    }
  }
}
