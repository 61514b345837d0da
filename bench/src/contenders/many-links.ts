import type { Socket } from 'node:net'
import type { EntryOptions, Node } from '@commloop/core'
import { useRouter } from '@commloop/core'
import type { Contender, Sending } from '../traffic/contender.js'
import { Lane } from '../traffic/lane.js'
import { type PayloadCycle, placeOf } from '../traffic/payload-cycle.js'
import { newNode, startAndWaitForLinks } from './commloop.js'
import { cutFrames, RawBatch } from './raw-frames.js'
import { dial, listen, LOOPBACK } from './sockets.js'

/** The high-water mark of a link: with the default, a thousand links would take a gigabyte. */
const HIGH_WATER_MARK_BYTES = 64 * 1024
/** What a link sends between two drains: half of the mark, of which half is the overhead counted for each message. */
const RAW_BATCH_BYTES = 16 * 1024

/** `busy` alone if all links are busy. */
function countText(busy: number, all: number): string {
  return busy === all ? String(all) : `${String(busy)} of ${String(all)}`
}

/** Two nodes with many links between them. A router that reads the payload chooses one of the busy links. */
export function commloopWithLinks(busy: number, all = busy): Contender {
  const ids = Array.from({ length: all }, (_, at) => `link-${String(at)}`)
  const byContent = {
    route: ({ payload }: { readonly payload: Uint8Array }) => ids[placeOf(payload) % busy] ?? '',
  }
  return {
    name: `commloop, ${countText(busy, all)} links`,
    about:
      'two nodes, a router that reads the payload; each link is filled until `send` returns false, and again when it drains',
    async receive(sink) {
      const node = newNode({
        listen: { host: LOOPBACK, port: 0 },
        links: [{ id: 'peer', role: 'passive', ip: LOOPBACK, slots: all }],
      })
      node.on('message', ({ payload }) => {
        sink.take(payload)
      })
      await node.start()
      return { port: node.listening?.port ?? 0 }
    },
    async send(port) {
      const entries: EntryOptions[] = ids.map((id) => ({ id, role: 'active', ip: LOOPBACK, port }))
      const options = { links: entries, highWaterMark: HIGH_WATER_MARK_BYTES }
      const node = newNode(options, useRouter(byContent))
      await startAndWaitForLinks(node, all)
      return new LinksSending(node, ids.slice(0, busy))
    },
  }
}

class LinksSending implements Sending {
  readonly #node: Node
  readonly #ids: readonly string[]
  #drained: (link: string) => void = () => undefined

  constructor(node: Node, ids: readonly string[]) {
    this.#node = node
    this.#ids = ids
    node.on('drain', ({ link }) => {
      this.#drained(link)
    })
  }

  send(payloads: PayloadCycle, messages: number): Promise<void> {
    const node = this.#node
    const lanes = new Map(
      this.#ids.map((id, lane) => [id, new Lane(payloads, messages, lane, this.#ids.length)]),
    )
    return new Promise((resolve) => {
      let unfinished = lanes.size
      this.#drained = (link) => {
        const lane = lanes.get(link)
        if (lane === undefined) return
        while (lane.left > 0) if (!node.send(lane.next()) && lane.left > 0) return
        lanes.delete(link)
        if (--unfinished === 0) resolve()
      }
      for (const id of this.#ids) this.#drained(id)
    })
  }
}

/** The same with raw sockets. */
export function rawWithSockets(busy: number, all = busy): Contender {
  return {
    name: `raw, ${countText(busy, all)} sockets`,
    about:
      'plain `node:net`, a batch of 16 KiB for each socket; written to until `write` returns false',
    async receive(sink) {
      const port = await listen((socket) => {
        cutFrames(socket, (payload) => {
          sink.take(payload)
        })
      })
      return { port }
    },
    async send(port) {
      const sockets: Socket[] = []
      while (sockets.length < all) sockets.push(await dial(port))
      return new SocketsSending(
        sockets.slice(0, busy).map((socket) => new RawBatch(socket, RAW_BATCH_BYTES)),
      )
    },
  }
}

class SocketsSending implements Sending {
  readonly #batches: readonly RawBatch[]

  constructor(batches: readonly RawBatch[]) {
    this.#batches = batches
  }

  async send(payloads: PayloadCycle, messages: number): Promise<void> {
    const { length } = this.#batches
    await Promise.all(
      this.#batches.map((batch, at) => sendLane(batch, new Lane(payloads, messages, at, length))),
    )
  }
}

function sendLane(batch: RawBatch, lane: Lane): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      while (lane.left > 0) {
        if (!batch.add(lane.next())) {
          batch.socket.once('drain', goOn)
          return
        }
      }
      batch.flush()
      resolve()
    }
    goOn()
  })
}
