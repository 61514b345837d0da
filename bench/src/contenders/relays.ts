import { useRouter } from '@commloop/core'
import { Child } from '../process/child.js'
import { placeOf } from '../traffic/payload-cycle.js'
import type { Contender } from '../traffic/contender.js'
import { newNode, startAndWaitForLinks } from './commloop.js'
import { raw } from './raw.js'
import { cutFrames, RawBatch } from './raw-frames.js'
import { dial, listen, LOOPBACK } from './sockets.js'

/** The number of outgoing links of a relay; the payload says which link to use. */
export const RELAY_LANES = 2

export const rawRelay = relayContender(
  'raw relay',
  'plain `node:net`: cuts out frames, copies each into a buffer for its target, one write for each chunk and target; the source waits while a target waits',
)
export const commloopRelay = relayContender(
  'relay of commloop',
  'a node with `relay: true`, one incoming link, two outgoing links, and a router that reads the payload',
)

/** Source and target are the same raw programs for both relays; only the relay differs. */
function relayContender(name: string, about: string): Contender {
  return {
    name,
    about,
    receive: (sink) => raw.receive(sink),
    async send(port) {
      const relay = await Child.start<Relay>(import.meta.url, 'relay', [name, port])
      return raw.send(await relay.call('port'))
    },
  }
}

/** The relay process. */
class Relay {
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  port(): number {
    return this.#port
  }
}

export async function relay(name: string, targetPort: number): Promise<Relay> {
  const start = name === rawRelay.name ? startRawRelay : startNodeRelay
  return new Relay(await start(targetPort))
}

function laneOf(payload: Uint8Array): number {
  return placeOf(payload) % RELAY_LANES
}

async function startRawRelay(targetPort: number): Promise<number> {
  const targets: RawBatch[] = []
  for (let at = 0; at < RELAY_LANES; at++) targets.push(new RawBatch(await dial(targetPort)))
  return listen((source) => {
    let waiting = 0
    const wait = ({ socket }: RawBatch): void => {
      waiting++
      source.pause()
      socket.once('drain', () => {
        if (--waiting === 0) source.resume()
      })
    }
    cutFrames(
      source,
      (payload) => {
        const target = targets[laneOf(payload)]
        if (target?.add(payload) === false) wait(target)
      },
      () => {
        for (const target of targets) if (!target.flush()) wait(target)
      },
    )
  })
}

async function startNodeRelay(targetPort: number): Promise<number> {
  const targets = Array.from({ length: RELAY_LANES }, (_, at) => `target-${String(at)}`)
  const byContent = {
    route: ({ payload }: { readonly payload: Uint8Array }) => targets[laneOf(payload)] ?? '',
  }
  const node = newNode(
    {
      listen: { host: LOOPBACK, port: 0 },
      relay: true,
      links: [
        { id: 'source', role: 'passive', ip: LOOPBACK },
        ...targets.map((id) => ({ id, role: 'active', ip: LOOPBACK, port: targetPort }) as const),
      ],
    },
    useRouter(byContent),
  )
  await startAndWaitForLinks(node, RELAY_LANES)
  return node.listening?.port ?? 0
}
